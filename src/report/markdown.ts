import { familyRevision, resourceName } from '../base/arn.ts';
import { type Outcome, reasonOf } from '../outcome.ts';
import { chainsOf } from './chain.ts';
import { plainText } from './markup.ts';
import { type Deployment, isRollout, stageSubject, tookText, verdictOf, word } from './story.ts';

const signs = { good: '✅', warn: '⚠️', bad: '❌' } as const;

/** The report as Markdown, for summaries of jobs and comments; everything of a record is text in it. */
export function markdownReport(deployment: Deployment): string {
  const { tone, word: verdict, sentence } = verdictOf(deployment);
  const { stages, failed } = deployment;
  const blocks = [
    `## ${signs[tone]} ${asText(`${verdict}: ${sentence}`)}`,
    ...failed.flatMap(reason),
    ...(stages.length === 0 ? [] : [table(stages)]),
    ...chains(stages),
    ...stages.filter(isRollout).flatMap(({ service, undo }) => {
      return undo === undefined ? [] : [`Undo ${asText(resourceName(service))} with:`, fenced(undo)];
    }),
  ];
  return `${blocks.join('\n\n')}\n`;
}

function reason(outcome: Outcome): string[] {
  const { quote, meaning, cause, said, fix } = reasonOf(outcome);
  const serves = isRollout(outcome) ? outcome.servesNow : undefined;
  const entry = (name: string, text: string | undefined): string[] =>
    text === undefined ? [] : [`- **${name}:** ${asText(text)}`];
  const entries = [
    ...entry('That means', meaning),
    ...entry('Why', cause),
    ...entry('AWS says', said),
    ...entry('Fix', fix),
    ...entry('Serves now', serves === undefined ? undefined : familyRevision(serves)),
  ];
  const tails = [outcome, ...(isRollout(outcome) ? (outcome.failedTasks ?? []) : [])];
  const [log] = tails.flatMap(({ logTail = [] }) => logTail).filter(({ lines }) => lines.length > 0);
  return [
    `### ${asText(`${stageSubject(outcome)}: ${word(outcome)}`)}`,
    ...(quote === undefined ? [] : [fenced(quote.line)]),
    ...(entries.length === 0 ? [] : [entries.join('\n')]),
    ...(outcome.resume === undefined ? [] : ['Look again with:', fenced(outcome.resume)]),
    ...(log === undefined ? [] : [`Last lines of ${asText(log.container)}:`, fenced(log.lines.slice(-20).join('\n'))]),
  ];
}

function table(stages: readonly Outcome[]): string {
  const rows = stages.map((one) => [stageSubject(one).replace('The ', ''), word(one), tookText(one) ?? '–']);
  return [['Stage', 'Verdict', 'Took'], ['---', '---', '---'], ...rows.map((row) => row.map(asText))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

const stateSigns = { first: '', same: '✓ ', other: '✗ another image: ', unknown: '? not proved: ', not: '✗ ' } as const;

function chains(stages: readonly Outcome[]): string[] {
  return chainsOf(stages).map(({ links }) =>
    links
      .map(({ place, subject, digest, state }) => {
        const id = digest === undefined ? '' : ` \`${digest.slice(0, 19)}\``;
        return `${stateSigns[state]}${place} ${asText(subject)}${id}`;
      })
      .join(' → '),
  );
}

/** What Markdown or HTML would take for more than a character. */
const asText = (text: string): string =>
  plainText(text)
    .replaceAll(/[\\`*_{}[\]<>()#|~@!]/g, (character) => `\\${character}`)
    .replaceAll(/\s*\n\s*/g, ' ');

/** A code block that nothing in it can end. */
function fenced(text: string): string {
  const plain = plainText(text);
  const longest = Math.max(2, ...[...plain.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}text\n${plain}\n${fence}`;
}
