import { familyRevision, resourceName } from '../base/arn.ts';
import type { Outcome } from '../outcome.ts';
import type { BuildOutcome, RolloutOutcome, TaskOutcome } from '../records/schema.ts';
import { isRollout, isTask, toneOf } from './story.ts';

/** One place where an image was seen. */
export interface Link {
  /** Where: built, migrated, serving. */
  place: string;
  /** Which task or service. */
  subject: string;
  digest: string | undefined;
  /** `same`: proved by digest; `other`: another image; `unknown`: not seen; `not`: that stage is not green. */
  state: 'first' | 'same' | 'other' | 'unknown' | 'not';
}

/** The image that was built and where it went: built = migrated = serving, as far as digests prove it. */
export interface Chain {
  repository: string;
  links: Link[];
}

/** A chain for each image that was built; without a build the chain begins with what migrated. */
export function chainsOf(stages: readonly Outcome[]): Chain[] {
  const builds = stages.filter((one): one is BuildOutcome => one.stage === 'build-and-push-image');
  const tasks = stages.filter(isTask);
  const rollouts = stages.filter(isRollout);
  if (builds.length > 0) return builds.flatMap((build) => chainOf(build, tasks, rollouts));
  const first = imagesOf(tasks[0] ?? rollouts[0]).find(({ imageDigest }) => imageDigest !== undefined);
  if (first?.image === undefined) return [];
  return [
    {
      repository: repositoryOf(first.image),
      links: linksOf(repositoryOf(first.image), first.imageDigest, tasks, rollouts),
    },
  ];
}

function chainOf(build: BuildOutcome, tasks: readonly TaskOutcome[], rollouts: readonly RolloutOutcome[]): Chain[] {
  const { repository, digest } = build;
  if (digest === undefined) return [];
  const first: Link = { place: 'built', subject: build.tags.slice(0, 2).join(', '), digest, state: 'first' };
  return [{ repository, links: [first, ...linksOf(repository, digest, tasks, rollouts)] }];
}

function linksOf(
  repository: string,
  digest: string | undefined,
  tasks: readonly TaskOutcome[],
  rollouts: readonly RolloutOutcome[],
): Link[] {
  return [...tasks, ...rollouts].map((outcome) => linkOf(outcome, repository, digest));
}

function linkOf(outcome: TaskOutcome | RolloutOutcome, repository: string, digest: string | undefined): Link {
  const [place, subject] = isRollout(outcome)
    ? ['serving', resourceName(outcome.service)]
    : ['migrated', familyRevision(outcome.taskDefinition ?? outcome.family ?? '')];
  const seen = imagesOf(outcome).filter(({ image = '' }) => repositoryOf(image) === repository);
  // A reference by digest is that image, also where a task shows the digest of its own platform.
  const same = seen.find(({ image = '', imageDigest }) => imageDigest === digest || image.endsWith(`@${digest}`));
  const found = same ?? seen.find(({ imageDigest }) => imageDigest !== undefined);
  const base = { place, subject, digest: same === undefined ? found?.imageDigest : digest } as const;
  if (toneOf(outcome) !== 'good') return { ...base, state: 'not' };
  if (digest === undefined || found === undefined) return { ...base, state: 'unknown' };
  return { ...base, state: same === undefined ? 'other' : 'same' };
}

function imagesOf(outcome: TaskOutcome | RolloutOutcome | undefined): { image?: string; imageDigest?: string }[] {
  if (outcome === undefined) return [];
  return isRollout(outcome) ? (outcome.images ?? []) : (outcome.containers ?? []);
}

const repositoryOf = (image: string): string => image.replace(/@sha256:.*$/, '').replace(/:[^/:]*$/, '');
