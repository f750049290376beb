import { formatDuration } from '../base/duration.ts';
import type { BuildEvent, BuildOutcome } from '../build/build.ts';
import { dryRunEnd, dryRunLines } from './dry-run-text.ts';
import { bad, dim, good, type Line, line, strong, warn } from './line.ts';

/** A fact of the build as lines. */
export function buildEventLines(event: BuildEvent): Line[] {
  switch (event.type) {
    case 'repository-created':
      return [line(`Created the repository ${event.uri}`)];
    case 'request-not-sent':
      return dryRunLines(event.action, event.input);
    case 'command-not-run':
      return [strong('Would run:'), line(`  ${event.command.map(shellWord).join(' ')}`)];
    case 'tags-exist':
      return [line(`${event.uri} has ${event.tags.join(', ')} already: nothing to build`)];
    case 'build-started':
      return [
        line(`Building ${event.references.join(', ')}${event.builder === 'classic' ? ' (classic builder)' : ''}`),
      ];
    case 'docker-line':
      return [dim(event.line)];
    case 'docker-silent':
      return [dim(`docker ${event.step} goes on; it has said nothing for ${formatDuration(event.silentMs)}`)];
    case 'pushed':
      return [line(`Pushed ${event.reference}`)];
    case 'tag-moved':
      return [
        warn(
          `Warning: somebody else pushed ${event.tag} meanwhile (${event.standsFor ?? 'it is gone'}); the image of this build is ${event.digest}.`,
        ),
      ];
  }
}

/** How the build ended. */
export function buildEndLines(outcome: BuildOutcome): Line[] {
  switch (outcome.verdict) {
    case 'pushed':
    case 'already-there': {
      const { build, push } = outcome.timingsMs;
      const took =
        build === undefined || push === undefined
          ? ''
          : ` (build ${formatDuration(build)}, push ${formatDuration(push)})`;
      return [
        good(`${outcome.verdict === 'pushed' ? 'Pushed' : 'Kept'} the image${took}`),
        line(`  Image: ${outcome.uri}@${outcome.digest}`),
      ];
    }
    case 'built':
      return [good(`Built the image; --no-push leaves it on this machine.`), warn(unpinned)];
    case 'build-failed':
      return [
        bad(
          outcome.exitCode === undefined
            ? 'The build was ended by a signal.'
            : `The build failed: docker build ended with exit code ${outcome.exitCode}.`,
        ),
        ...outcome.lastLines.slice(-15).map((text) => line(`  ${text}`)),
        line('  Fix: Correct what the lines above complain about; nothing was pushed.'),
      ];
    case 'interrupted':
      return [bad('Interrupted: the image was not pushed under all its tags.')];
    case 'dry-run':
      return [dryRunEnd];
  }
}

const unpinned = 'Warning: nothing is pinned: without a push there is no digest that later stages could hold on to.';

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
