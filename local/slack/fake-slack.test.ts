import { afterEach, beforeEach, expect, it } from 'vitest';
import { type FakeSlack, faultOf, startFakeSlack } from './fake-slack.ts';

let slack: FakeSlack;
beforeEach(async () => {
  slack = await startFakeSlack();
});
afterEach(() => slack.close());

const section = (text: string) => ({ type: 'section', text: { type: 'mrkdwn', text } });

it.each([
  ['a text', { text: 'hi' }, undefined],
  ['nothing', {}, 'no_text'],
  ['an empty text', { text: '' }, 'no_text'],
  ['a text of 40,000 characters', { text: 'x'.repeat(40_000) }, undefined],
  ['a longer one', { text: 'x'.repeat(40_001) }, 'text_too_long'],
  ['50 blocks', { blocks: Array.from({ length: 50 }, () => section('x')) }, undefined],
  ['51 blocks', { blocks: Array.from({ length: 51 }, () => section('x')) }, 'invalid_blocks'],
  ['a section of 3,000 characters', { blocks: [section('x'.repeat(3_000))] }, undefined],
  ['a longer section', { blocks: [section('x'.repeat(3_001))] }, 'invalid_blocks'],
  ['an empty section', { blocks: [section('')] }, 'invalid_blocks'],
  ['eleven fields', { blocks: [{ type: 'section', fields: Array(11).fill(section('x').text) }] }, 'invalid_blocks'],
  ['no fields', { blocks: [{ type: 'section', fields: [] }] }, 'invalid_blocks'],
  [
    'eleven context elements',
    { blocks: [{ type: 'context', elements: Array(11).fill(section('x').text) }] },
    'invalid_blocks',
  ],
  ['an unknown block', { blocks: [{ type: 'banner' }] }, 'invalid_blocks'],
])('%s', (_what, body, fault) => {
  expect(faultOf(body)).toBe(fault);
});

it('knows its webhook, its token and its channels', async () => {
  const post = async (url: string, body: object, token = slack.botToken): Promise<string> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })).text();
  };
  const api = `${slack.apiUrl}/chat.postMessage`;
  expect(await post(slack.webhookUrl, { text: 'hi' })).toBe('ok');
  expect(await post(`${slack.webhookUrl}x`, { text: 'hi' })).toBe('no_service');
  expect(await post(api, { text: 'hi', channel: '#deploys' })).toContain('"ok":true');
  expect(await post(api, { text: 'hi', channel: '#other' })).toContain('channel_not_found');
  expect(await post(api, { text: 'hi', channel: '#deploys' }, 'other')).toContain('invalid_auth');
  expect(slack.messages()).toHaveLength(2);
});
