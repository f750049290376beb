import { formatDuration } from '../base/duration.ts';
import type { BuildEvent } from '../build/build.ts';
import type { BuildOutcome } from '../records/schema.ts';
import { bad, dim, good, type Line, line, warn } from './line.ts';

/** A fact of the build as lines. */
export function buildEventLines(event: BuildEvent): Line[] {
  switch (event.type) {
    case 'repository-created':
      return [line(`Created the repository ${event.uri}`)];
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
export function buildOutcomeLines(outcome: BuildOutcome): Line[] {
  const { explanation, image, timingsMs = {} } = outcome;
  switch (outcome.verdict) {
    case 'succeeded': {
      if (image === undefined) return [good('Built the image; --no-push leaves it on this machine.'), warn(unpinned)];
      const { build, push } = timingsMs;
      if (build === undefined || push === undefined)
        return [good('Kept the image that is there'), line(`  Image: ${image}`)];
      const took = `build ${formatDuration(build)}, push ${formatDuration(push)}`;
      return [good(`Pushed the image (${took})`), line(`  Image: ${image}`)];
    }
    case 'interrupted':
      return [bad(`Interrupted by ${outcome.signal}: ${explanation?.cause ?? ''}`)];
    default:
      return [
        bad(`The build failed: ${explanation?.cause ?? ''}`),
        ...(outcome.logTail ?? []).flatMap(({ lines }) => lines.slice(-15).map((text) => line(`  ${text}`))),
        ...(explanation?.fix === undefined ? [] : [line(`  Fix: ${explanation.fix}`)]),
      ];
  }
}

const unpinned = 'Warning: nothing is pinned: without a push there is no digest that later stages could use.';
