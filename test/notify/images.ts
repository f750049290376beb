import { mkdirSync, writeFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { deploymentOutcome } from '../../src/notify/deployment-outcome.ts';
import { logReply, recordsMessage, type SlackMessage } from '../../src/notify/slack.ts';
import type { Outcome } from '../../src/outcome.ts';
import { ci, pipelines } from '../report/outcomes.ts';
import { shown } from '../report/pages.ts';

/**
 * Makes the pictures of the Slack message for people to judge: `npx tsx test/notify/images.ts FOLDER`. Its blocks are drawn
 * with plain HTML, about as Slack draws them. Those in docs/images were made so.
 */
const [folder = 'docs/images'] = process.argv.slice(2);

/** Chromium may have no font with emojis: their shapes, in their colours. */
const signs: Readonly<Record<string, string>> = {
  '✅': '<em>✓</em>',
  '❌': '<em class="bad">✗</em>',
  '▶️': '<em class="on">▸</em>',
  '⚠️': '<em class="warn">!</em>',
};

/** Slack's markup as HTML; the three escaped characters stay as they are. */
const markup = (text: string): string =>
  text
    .split(/(```[\s\S]*?```)/)
    .map((part, index) =>
      index % 2 === 1
        ? `<pre>${part.replaceAll('```', '').trim()}</pre>`
        : part
            .replaceAll(/<(https?:[^|>]*)\|([^>]*)>/g, '<a href="$1">$2</a>')
            .replaceAll(/\*([^*\n]+)\*/g, '<b>$1</b>')
            .replaceAll(/✅|❌|▶️|⚠️/g, (sign) => signs[sign] ?? sign)
            .replaceAll('\n', '<br>'),
    )
    .join('');

function message({ blocks = [], text }: SlackMessage, edited: boolean, at: string): string {
  const drawn = blocks.map((block) => {
    if (block.type === 'context')
      return `<div class="context">${block.elements.map((one) => markup(one.text)).join(' &nbsp; ')}</div>`;
    if ('fields' in block)
      return `<div class="fields">${block.fields.map((one) => `<div>${markup(one.text)}</div>`).join('')}</div>`;
    return `<div>${markup(block.text.text)}</div>`;
  });
  const body = drawn.length > 0 ? drawn.join('') : markup(text);
  return `<article><i>▲</i><div><header><b>migrate-deploy</b> <span>APP</span> ${at}</header>${body}${edited ? '<small>(edited)</small>' : ''}</div></article>`;
}

const style = `body{margin:0;padding:14px 18px;font:15px/1.46 "Noto Sans","DejaVu Sans",sans-serif;color:#1d1c1d;background:#fff}
article{display:flex;gap:10px}i{flex:none;width:36px;height:36px;border-radius:6px;background:#2d5f9a;color:#fff;text-align:center;line-height:36px;font-style:normal}
article>div{flex:1;min-width:0}article>div>div{margin:6px 0}header{color:#616061;font-size:13px}header b{color:#1d1c1d;font-size:15px}header span{background:#e8e8e8;font-size:10px;padding:1px 3px;border-radius:2px}
.fields{display:grid;grid-template-columns:1fr 1fr;gap:8px 14px;overflow-wrap:anywhere}.context,small{color:#616061;font-size:13px}a{color:#1264a3;text-decoration:none}
pre{margin:4px 0;padding:8px;border:1px solid #ddd;border-radius:4px;background:#f8f8f8;font:12px/1.5 "Noto Sans Mono","DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
em{display:inline-block;width:1.2em;height:1.2em;line-height:1.2em;border-radius:3px;background:#2f9e5b;color:#fff;font-style:normal;text-align:center;font-size:.85em}.bad{background:#d13b3b}.on{background:#3b74c4}.warn{background:#d99a1f}
hr{border:0;border-top:1px solid #ddd;margin:14px 0 14px 46px}.thread{margin-left:46px}`;

/** The message as a channel shows it, with the answers in its thread. */
function channel(records: readonly Outcome[]): string {
  const outcome = deploymentOutcome(records, undefined);
  if (outcome === undefined) throw new Error('no records');
  const replies = outcome.failed.flatMap((record) => logReply(record) ?? []);
  const thread = replies.map((one) => `<div class="thread">${message(one, false, '09:09')}</div>`).join('');
  const first = message(recordsMessage(outcome, ci, [], { living: true }), records.length > 1, '09:01');
  return `<!doctype html><meta charset="utf-8"><style>${style}</style>${first}${thread === '' ? '' : `<hr>${thread}`}`;
}

const pictures: Record<string, readonly Outcome[]> = {
  begun: pipelines.green.slice(0, 2),
  green: pipelines.green,
  migrationFailed: pipelines.migrationFailed,
  rolledBack: pipelines.rolledBack,
  twelveServices: shown.twelveServices ?? [],
};
mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const [name, records] of Object.entries(pictures)) {
  const page = await browser.newPage({ viewport: { width: 640, height: 200 } });
  await page.setContent(channel(records));
  writeFileSync(`${folder}/slack-${name}.png`, await page.screenshot({ fullPage: true }));
  await page.close();
}
await browser.close();
