import { check, type Finding, fault, ok } from './finding.ts';
import type { DoctorDeps } from './target.ts';

/** Whether Slack takes the token, or the webhook's host answers; nothing is sent to any channel. */
export async function checkSlack({ env, http }: DoctorDeps): Promise<Finding[]> {
  const token = env.SLACK_ACCESS_TOKEN ?? '';
  const webhook = env.SLACK_WEBHOOK ?? '';
  if (token !== '') {
    return check('slack', async () => {
      const headers = { authorization: `Bearer ${token}` };
      const { body } = await http('https://slack.com/api/auth.test', { method: 'POST', headers, timeoutMs: 10_000 });
      const { ok: isTaken, error, team } = JSON.parse(body) as { ok?: boolean; error?: string; team?: string };
      if (isTaken !== true)
        return [fault('slack', `Slack refuses SLACK_ACCESS_TOKEN: ${error}`, 'Set the token of an installed app')];
      return [ok('slack', `The bot’s token is good${team === undefined ? '' : `, team ${team}`}`)];
    });
  }
  if (webhook === '')
    return [ok('slack', 'Slack was not asked: neither SLACK_ACCESS_TOKEN nor SLACK_WEBHOOK is set here')];
  if (!/^https:\/\//.test(webhook))
    return [fault('slack', 'SLACK_WEBHOOK is no https address', 'Copy it from the app’s Incoming Webhooks')];
  return check('slack', async () => {
    const { status } = await http(webhook, { method: 'GET', timeoutMs: 10_000 });
    if (status === 404 || status === 410) return [fault('slack', 'Slack does not know the webhook', 'Make a new one')];
    return [ok('slack', 'The webhook’s host answers; whether it posts is known with the first message')];
  });
}
