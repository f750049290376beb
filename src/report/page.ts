import { familyRevision, resourceName, taskId } from '../base/arn.ts';
import { commitUrl } from '../base/circleci.ts';
import { logConsoleUrl, serviceConsoleUrl, taskConsoleUrl } from '../base/console-url.ts';
import { clockText, formatDuration } from '../base/duration.ts';
import type { Outcome } from '../outcome.ts';
import type { RolloutOutcome } from '../records/schema.ts';
import { chainsOf, type Link } from './chain.ts';
import { anchor, html, type Markup } from './markup.ts';
import { pageStyle } from './page-style.ts';
import { command, logs, reasons } from './reasons.ts';
import {
  type Deployment,
  isRollout,
  isTask,
  spanOf,
  stageSubject,
  toneOf,
  tookText,
  verdictOf,
  word,
} from './story.ts';
import { timeline } from './timeline.ts';

/** Facts of the CircleCI job, under the names that a record keeps them under. */
export type CiFacts = Readonly<Record<string, string>>;

/** One self-contained HTML page: no script, no network; everything of a record is text in it. */
export function htmlPage(deployment: Deployment, ci: CiFacts, version: string): string {
  const { tone, word: verdict, sentence } = verdictOf(deployment);
  const { stages, failed } = deployment;
  const title = `${verdict}: ${sentence}`;
  const page = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><meta name="robots" content="noindex">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title><style>${{ markup: pageStyle }}</style></head>
<body><main>
<header class="${tone}"><h1><span class="badge ${tone}">${verdict}</span> ${sentence}</h1>
<p class="facts">${facts(stages, ci)}</p></header>
${reasons(failed)}
${timeline(stages)}
${chain(stages)}
${stageTable(stages)}
${changes(stages)}
${greenLogs(stages.filter((one) => !failed.includes(one)))}
<footer>Made by migrate-deploy ${version} from the records of ${stages.length} ${stages.length === 1 ? 'stage' : 'stages'}. All times are UTC.</footer>
</main></body></html>
`;
  return page.markup;
}

function facts(stages: readonly Outcome[], ci: CiFacts): Markup[] {
  const span = spanOf(stages);
  const commit = ci.commit ?? stages[0]?.commit;
  const project = [ci.owner, ci.project].filter((part) => part !== undefined).join('/');
  const clusters = [...new Set(stages.flatMap((one) => ('cluster' in one ? [resourceName(one.cluster)] : [])))];
  const account = stages.find((one) => one.account !== undefined)?.account;
  const fact = (name: string, value: Markup | undefined): Markup[] =>
    value === undefined ? [] : [html`<span>${name} <b>${value}</b></span>`];
  const text = (value: string | undefined): Markup | undefined =>
    value === undefined || value === '' ? undefined : html`${value}`;
  return [
    ...fact('Application', text(project)),
    ...fact('Branch', text(ci.tag ?? ci.branch)),
    ...fact(
      'Commit',
      commit === undefined ? undefined : anchor(commitUrl(ci.repositoryUrl, commit), commit.slice(0, 12)),
    ),
    ...fact('By', text(ci.username)),
    ...fact('Cluster', text(clusters.join(', '))),
    ...fact('Account', text(account)),
    ...fact('Job', ci.buildUrl === undefined ? undefined : anchor(ci.buildUrl, ci.job ?? 'CircleCI')),
    ...fact('On', span === undefined ? undefined : text(new Date(span.fromMs).toISOString().slice(0, 10))),
    ...fact('Took', span === undefined ? undefined : text(formatDuration(span.toMs - span.fromMs))),
  ];
}

function chain(stages: readonly Outcome[]): Markup {
  const chains = chainsOf(stages);
  if (chains.length === 0) return html``;
  return html`<section aria-labelledby="chain"><h2 id="chain">The image, by digest</h2>
${chains.map(
  ({ repository, links }) => html`<p class="quiet">${repository}</p><ul class="chain">${links.map(chainLink)}</ul>`,
)}</section>`;
}

function chainLink({ place, subject, digest, state }: Link): Markup {
  const words = {
    first: `✓ ${place}`,
    same: `✓ ${place}, the same image`,
    other: `✗ ${place}, another image`,
    unknown: `? ${place}, not proved`,
    not: `✗ not ${place}`,
  }[state];
  const shown = digest === undefined ? 'digest not seen' : shortDigests(digest);
  return html`<li class="${state}"><b>${words}</b>${subject}<br><code title="${digest}">${shown}</code></li>`;
}

/** Digests with the 12 digits that tell them apart. */
const shortDigests = (text: string): string => text.replaceAll(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, '$1…');

function stageTable(stages: readonly Outcome[]): Markup {
  if (stages.length === 0) return html``;
  return html`<section aria-labelledby="stages"><h2 id="stages">Stages</h2><div class="scroll" tabindex="0" role="group" aria-label="Stages">
<table><thead><tr><th scope="col">Stage</th><th scope="col">Verdict</th><th scope="col">From</th><th scope="col">To</th><th scope="col">Took</th><th scope="col">Links</th></tr></thead>
<tbody>${stages.map(
    (
      one,
    ) => html`<tr><td>${stageSubject(one).replace('The ', '')}</td><td><span class="badge ${toneOf(one)}">${word(one)}</span></td>
<td class="time">${clockText(one.startedAt)}</td><td class="time">${one.finishedAt === undefined ? '–' : clockText(one.finishedAt)}</td><td class="time">${tookText(one) ?? '–'}</td><td>${links(one)}</td></tr>`,
  )}</tbody></table></div></section>`;
}

function links(outcome: Outcome): Markup[] {
  const { region, ci } = outcome;
  const job = ci?.buildUrl === undefined ? [] : [anchor(ci.buildUrl, 'job')];
  if (region === undefined || outcome.stage === 'build-and-push-image') return job;
  if (isRollout(outcome)) {
    return [...job, anchor(serviceConsoleUrl(region, outcome.cluster, outcome.service, 'deployments'), 'console')];
  }
  const task = outcome.taskArn;
  return [
    ...job,
    ...(task === undefined
      ? []
      : [anchor(taskConsoleUrl(region, outcome.cluster, task), `task ${taskId(task).slice(0, 8)}`)]),
    ...(outcome.logs ?? []).map(({ container, ...place }) => anchor(logConsoleUrl(place), `log of ${container}`)),
  ];
}

/** What changed against the revision before; services with the same changes stand together. */
function changes(stages: readonly Outcome[]): Markup {
  const rollouts = stages
    .filter(isRollout)
    .filter(({ previousTaskDefinition }) => previousTaskDefinition !== undefined);
  if (rollouts.length === 0) return html``;
  const alike = new Map<string, RolloutOutcome[]>();
  for (const one of rollouts) {
    const key = JSON.stringify([one.previousTaskDefinition, one.taskDefinition, one.changes]);
    alike.set(key, [...(alike.get(key) ?? []), one]);
  }
  return html`<section aria-labelledby="changes"><h2 id="changes">Against what served before</h2>
${[...alike.values()].map(changesOf)}</section>`;
}

function changesOf(group: readonly RolloutOutcome[]): Markup {
  const [{ previousTaskDefinition = '', taskDefinition = '', changes = [] } = {}] = group;
  const names = group.map(({ service }) => resourceName(service)).join(', ');
  const none = taskDefinition === previousTaskDefinition ? 'The same revision.' : 'What differs is not on record.';
  return html`<article><h3>${names}: ${familyRevision(previousTaskDefinition)} → ${familyRevision(taskDefinition)}</h3>
${changes.length === 0 ? html`<p class="quiet">${none}</p>` : html`<ul>${changes.map(change)}</ul>`}
${group.map(({ undo }) => command('Undo with', undo))}</article>`;
}

function change({ place, change, from, to }: NonNullable<RolloutOutcome['changes']>[number]): Markup {
  if (from === undefined && to === undefined) return html`<li>${place}: ${change}</li>`;
  const image = (text = '(none)'): Markup => html`<code title="${text}">${shortDigests(text)}</code>`;
  return html`<li>${place}: ${image(from)} → ${image(to)}</li>`;
}

/** The last lines of what went well, closed. */
function greenLogs(stages: readonly Outcome[]): Markup {
  const tails = stages.filter(isTask).flatMap(({ logTail = [] }) => logTail);
  if (tails.length === 0) return html``;
  return html`<section aria-labelledby="logs"><h2 id="logs">Log of the migration</h2>${logs(tails, false)}</section>`;
}
