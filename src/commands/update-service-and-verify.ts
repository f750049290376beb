import { resourceName } from '../base/arn.ts';
import { circleCiFacts } from '../base/circleci.ts';
import { choice, duration, flag, group, integer, list, names, text } from '../options/define.ts';
import type { ValuesOf } from '../options/option.ts';
import { awsOptions, clusterOfServices, generalOptions } from '../options/shared.ts';
import { awsTag, nameInContainer, repeated, setTwice, valueInContainer, webAddress } from '../options/values.ts';
import { exitCodeOfAll } from '../outcome.ts';
import { rolloutNarrator } from '../report/rollout-narrator.ts';
import { summaryLines } from '../report/rollout-summary.ts';
import type { RolloutOptions } from '../rollout/model.ts';
import { planRequests, rollOut } from '../rollout/rollout.ts';
import { definitionSource } from '../task-definition/definition-source.ts';
import { readImageUpdates } from '../task-definition/image-updates.ts';
import { imageForContainer } from '../task-definition/pin.ts';
import { type CommandContext, type CommandResult, defineCommand, dryRunResult } from './command.ts';
import { unnamed } from './refusal.ts';

/** The options of update-service-and-verify. */
export const updateServiceOptions = {
  ...group('Service', {
    cluster: clusterOfServices,
    services: names({
      name: 'service',
      alias: 'service-name',
      placeholder: 'NAME|ARN',
      describe: 'Service to update; several are updated and followed together.',
      otherwise: '--family',
    }),
    family: text({
      placeholder: 'FAMILY',
      describe: 'Task-definition family; names the service too when --service does not.',
      check: (family: string) => (/^[\w-]+$/.test(family) ? undefined : 'must be a family without revision'),
    }),
  }),
  ...group('What changes', {
    taskDefinition: text({
      placeholder: 'FAMILY[:REV]|ARN|FILE.json',
      describe: 'Revision to deploy, or a whole definition to register.',
      secret: true,
      otherwise:
        'the revision that migrated (--record-dir) where the service runs its family, else the one the service runs, with the image that was built',
      parse: definitionSource,
    }),
    images: list({
      name: 'image',
      placeholder: '[CONTAINER=]REF',
      describe: 'Image for a container; a tag is replaced by the digest it stands for.',
      otherwise: 'the image that was built (--record-dir)',
      parse: imageForContainer,
      check: (images) =>
        repeated(images.map(({ container = '' }) => container)).length > 0
          ? 'names the same container more than once'
          : undefined,
    }),
    imageUpdates: text({
      name: 'container-image-name-updates',
      default: '',
      placeholder: 'container=NAME,tag=TAG',
      describe:
        'The same in the words of the aws-ecs orb: container=NAME with image-and-tag=IMAGE:TAG, image=IMAGE or tag=TAG, and more of them behind commas.',
      parse: readImageUpdates,
    }),
    environment: list({
      name: 'env',
      placeholder: '[CONTAINER:]NAME=VALUE',
      describe: 'Environment variable to set; its value is never printed.',
      secret: true,
      parse: valueInContainer,
      check: setTwice,
    }),
    removeEnvironment: list({
      name: 'remove-env',
      placeholder: '[CONTAINER:]NAME',
      describe: 'Environment variable to remove.',
      secret: true,
      parse: nameInContainer,
    }),
    secrets: list({
      name: 'secret',
      placeholder: '[CONTAINER:]NAME=ARN',
      describe: 'Secret to set, by the ARN or parameter name it comes from.',
      secret: true,
      parse: valueInContainer,
      check: setTwice,
    }),
    removeSecrets: list({
      name: 'remove-secret',
      placeholder: '[CONTAINER:]NAME',
      describe: 'Secret to remove.',
      secret: true,
      parse: nameInContainer,
    }),
    dockerLabels: list({
      name: 'docker-label',
      placeholder: '[CONTAINER:]NAME=VALUE',
      describe: 'Docker label to set.',
      parse: valueInContainer,
      check: setTwice,
    }),
    taskDefinitionTags: list({
      placeholder: 'KEY=VALUE',
      describe: 'Tag of a revision that is registered, beside those of the one before.',
      secret: true,
      parse: awsTag,
      check: (tags) => (tags.length > 50 ? 'may be given 50 times at most' : undefined),
    }),
    enableCircuitBreaker: flag({
      describe: 'Turns the deployment circuit breaker of the service on, with rollback, before the deployment begins.',
    }),
    force: flag({ name: 'force-new-deployment', describe: 'Starts a new deployment even when nothing changes.' }),
    desiredCount: integer({ placeholder: 'N', describe: 'Number of tasks.', otherwise: 'as it is' }),
  }),
  ...group('Following', {
    verify: flag({
      default: true,
      alias: 'verify-revision-is-deployed',
      describe: 'Follows the deployment until it is proved or failed; --no-verify only starts it.',
    }),
    timeout: duration({
      placeholder: 'DURATION',
      describe: 'Longest time to follow; the deployment itself is not limited by it.',
      otherwise: '30m, or --max-poll-attempts times --poll-interval',
    }),
    pollInterval: duration({
      placeholder: 'DURATION',
      describe: 'Fixed time between two polls.',
      otherwise: 'adaptive, 1s to 10s; 20s with --max-poll-attempts',
    }),
    maxLooks: integer({
      name: 'max-poll-attempts',
      least: 1,
      placeholder: 'N',
      describe: 'Most polls: with --poll-interval another way to say the time-out.',
    }),
    until: choice(['deployed', 'drained', 'paused'], {
      default: 'deployed',
      describe:
        'When it is done: once the new revision serves, once the old tasks are gone too, or once a pause hook waits for continue-deployment.',
    }),
    maxFailedTasks: integer({
      least: 1,
      placeholder: 'N',
      describe: 'So many failed tasks of the new revision end the wait, red.',
      otherwise: 'the circuit breaker’s own threshold, or 3 without one',
    }),
    onFailure: choice(['leave', 'rollback'], {
      default: 'leave',
      describe:
        'What happens to a deployment that failed or ran out of time; of several services only those go back. A --check-url that did not answer fails them all.',
    }),
    onInterrupt: choice(['leave', 'rollback'], {
      default: 'leave',
      describe: 'What happens to the deployment on SIGINT or SIGTERM, which is also how CircleCI cancels a job.',
    }),
    checkUrls: list({
      name: 'check-url',
      placeholder: 'URL',
      describe: 'Address that must answer once the new revision serves.',
      secret: true,
      parse: webAddress,
    }),
    checkStatus: integer({
      default: 200,
      least: 100,
      most: 599,
      placeholder: 'CODE',
      describe: 'Status that --check-url must answer.',
    }),
    checkTimeout: duration({
      default: '60s',
      placeholder: 'DURATION',
      describe: 'How long each --check-url may take until it answers so.',
    }),
  }),
  ...awsOptions,
  ...generalOptions,
};
export type UpdateServiceOptions = ValuesOf<typeof updateServiceOptions>;

/** update-service-and-verify: green means that the revision asked for is what serves. */
export const updateServiceAndVerifyCommand = defineCommand({
  options: updateServiceOptions,
  examples: [
    ['$0 update-service-and-verify --cluster prod --service web --image REPOSITORY:v2', 'deploys one image'],
    [
      "$0 update-service-and-verify --cluster prod --family web --container-image-name-updates 'container=web,tag=latest' --max-poll-attempts 300 --poll-interval 10",
      'in the words of the aws-ecs orb',
    ],
    ['$0 update-service-and-verify --cluster prod --service web --record-dir deploy', 'deploys what was migrated'],
  ],
  check: (known, isGiven) => [
    ...(isGiven('services') || isGiven('family')
      ? []
      : ['--service is missing: the services to update (--family does when they have the same name)']),
    ...(isGiven('images') && isGiven('imageUpdates')
      ? ['--image and --container-image-name-updates exclude each other']
      : []),
    ...checkUrlErrors(known),
    ...(known.verify === false ? unfollowedErrors(known) : []),
  ],
  stages: ({ cluster = unnamed, ...known }) => {
    const services = new Set(servicesOf(known).map(resourceName));
    return [...(services.size === 0 ? [unnamed] : services)].map((service) => ({
      stage: 'update-service-and-verify',
      cluster,
      service,
    }));
  },
  run,
  narrator: rolloutNarrator,
});

function checkUrlErrors({
  checkUrls,
  checkStatus = 200,
  checkTimeoutMs = 60_000,
}: Partial<UpdateServiceOptions>): string[] {
  if (checkUrls?.length !== 0) return [];
  return [
    ...(checkStatus === 200 ? [] : ['--check-status needs --check-url']),
    ...(checkTimeoutMs === 60_000 ? [] : ['--check-timeout needs --check-url']),
  ];
}

/** What makes no sense where the deployment is not followed; an option at its default, as an orb gives it, is none of it. */
function unfollowedErrors(known: Partial<UpdateServiceOptions>): string[] {
  const { checkUrls = [], maxFailedTasks, onFailure = 'leave', onInterrupt = 'leave', until = 'deployed' } = known;
  const asked = {
    'check-url': checkUrls.length > 0,
    'max-failed-tasks': maxFailedTasks !== undefined,
    'on-failure': onFailure !== 'leave',
    'on-interrupt': onInterrupt !== 'leave',
    until: until !== 'deployed',
  };
  return Object.entries(asked)
    .filter(([, isAsked]) => isAsked)
    .map(([name]) => `--${name} needs the deployment to be followed: leave --no-verify out`);
}

function servicesOf({ services = [], family }: Partial<UpdateServiceOptions>): string[] {
  return services.length > 0 || family === undefined ? services : [family];
}

/** The interval that the aws-ecs orb takes when only the number of attempts is given. */
const orbIntervalMs = 20_000;

function rolloutOf(values: UpdateServiceOptions): RolloutOptions {
  const { maxLooks, checkUrls, checkStatus: status, checkTimeoutMs } = values;
  const { imageUpdates, environment, removeEnvironment, secrets, removeSecrets, dockerLabels } = values;
  const pollIntervalMs = values.pollIntervalMs ?? (maxLooks === undefined ? undefined : orbIntervalMs);
  const untold = maxLooks === undefined || pollIntervalMs === undefined ? 1_800_000 : maxLooks * pollIntervalMs;
  return {
    ...values,
    stage: 'update-service-and-verify',
    services: servicesOf(values),
    // By name: what asks for nothing is told by these alone.
    changes: {
      images: values.images.map(({ container, reference: image }) => ({ container, image })),
      imageUpdates,
      environment,
      removeEnvironment,
      secrets,
      removeSecrets,
      dockerLabels,
    },
    pollIntervalMs,
    timeoutMs: values.timeoutMs ?? untold,
    checkUrls: checkUrls.map((url) => ({ url, status, timeoutMs: checkTimeoutMs })),
  };
}

async function run(values: UpdateServiceOptions, context: CommandContext): Promise<CommandResult> {
  const asked = rolloutOf(values);
  const aws = await context.connect(values, asked.timeoutMs);
  const deps = { ...context, aws, ci: circleCiFacts(context.env) };
  if (values.dryRun) return dryRunResult(await planRequests(asked, deps));
  const services = await rollOut(asked, deps);
  const code = exitCodeOfAll(services);
  return { exitCode: code, lines: summaryLines(services), document: { exitCode: code, services } };
}
