import { escapeSlack } from './slack-markup.ts';

/** Slack's limit for the text of a section (docs.slack.dev: section block). */
export const sectionLimit = 3_000;

/** The text cut to `limit` characters, never through a surrogate pair or an escape. */
export function clip(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const cut = text
    .slice(0, limit - 1)
    .replace(/[\ud800-\udbff]$/, '')
    .replace(/&[a-z]*$/, '');
  return `${cut}…`;
}

/** The last of these lines that fit into a code block of `limit` characters. */
export function codeBlock(lines: readonly string[], limit: number): string {
  const room = limit - '```\n\n```'.length;
  const kept: string[] = [];
  let used = 0;
  for (const text of lines.toReversed()) {
    // Three backticks would end the block; colours mean nothing to Slack.
    const plain = text.replaceAll(/\u001b\[[0-9;]*m/g, '').replaceAll('```', "'''");
    const shown = clip(escapeSlack(plain), kept.length === 0 ? room : 500);
    if (used + shown.length + 1 > room) break;
    kept.unshift(shown);
    used += shown.length + 1;
  }
  return `\`\`\`\n${kept.join('\n')}\n\`\`\``;
}

/** A link with a label. */
export function link(url: string, label: string): string {
  return `<${escapeSlack(url)}|${escapeSlack(label).replaceAll('|', '/')}>`;
}
