import * as v from 'valibot';

/** Raised when a change would make an older reader misunderstand an Outcome. */
export const schemaVersion = 2;

const text = v.string();
const moment = v.pipe(v.string(), v.isoTimestamp());
const maybe = <T extends v.GenericSchema>(schema: T) => v.exactOptional(schema);
const milliseconds = v.record(text, v.number());

const explanation = v.object({
  /** Stable code for programs, e.g. `OUT_OF_MEMORY`. */
  code: text,
  /** What it means, in one or two sentences of ours. */
  cause: text,
  /** What AWS, Docker or the program said, verbatim. */
  said: maybe(text),
  /** What to do about it. */
  fix: maybe(text),
});

const container = v.object({
  name: text,
  image: maybe(text),
  imageDigest: maybe(text),
  exitCode: maybe(v.number()),
  reason: maybe(text),
});

const logTail = v.array(
  v.object({
    container: text,
    lines: v.array(text),
    /** Why there are no lines, or why some may be missing. */
    note: maybe(text),
  }),
);

const logFinding = v.object({
  container: text,
  /** The line of the application's log that explains the failure: cut, known secret values hidden. */
  line: text,
  /** Stable code, cause and fix where the text is known. */
  code: maybe(text),
  framework: maybe(text),
  cause: maybe(text),
  fix: maybe(text),
});

const base = {
  schemaVersion: v.literal(schemaVersion),
  /** `running` until the verdict stands: a record that stays so belongs to a run that was cut off. */
  verdict: v.picklist([
    'running',
    'succeeded',
    'started',
    'deployed',
    'unchanged',
    'not-verified',
    'failed',
    'rolled-back',
    'superseded',
    'paused',
    'timed-out',
    'interrupted',
    'refused',
  ]),
  /** Why; absent where the verdict says it all. */
  explanation: maybe(explanation),
  /** What else a person should know. */
  notes: maybe(v.array(text)),
  /** Distinguishes several steps of one stage in a pipeline, e.g. `before` and `after`. */
  name: maybe(text),
  region: maybe(text),
  account: maybe(text),
  /** CIRCLE_SHA1. */
  commit: maybe(text),
  /** CIRCLE_WORKFLOW_WORKSPACE_ID: the same in every rerun of a workflow. */
  workflow: maybe(text),
  startedAt: moment,
  finishedAt: maybe(moment),
  /** Milliseconds of each phase, in order. */
  timingsMs: maybe(milliseconds),
  logTail: maybe(logTail),
  logFinding: maybe(logFinding),
  /** The signal that interrupted us. */
  signal: maybe(v.picklist(['SIGINT', 'SIGTERM'])),
  /** The command that looks again at what goes on. */
  resume: maybe(text),
  /** The command that goes back to what was before. */
  undo: maybe(text),
  ci: maybe(v.record(text, text)),
};

const build = v.object({
  ...base,
  stage: v.literal('build-and-push-image'),
  repository: text,
  tags: v.array(text),
  /** `repository@sha256:…`: what later stages pin. */
  image: maybe(text),
  digest: maybe(text),
  /** Of `docker build`, where that failed. */
  exitCode: maybe(v.number()),
});

const task = {
  ...base,
  cluster: text,
  family: maybe(text),
  taskArn: maybe(text),
  /** ARN of the revision that ran: what the next stage deploys. */
  taskDefinition: maybe(text),
  /** The container whose exit code counts. */
  container: maybe(text),
  clientToken: maybe(text),
  startedBy: maybe(text),
  stopCode: maybe(text),
  /** Of that container. */
  exitCode: maybe(v.number()),
  containers: maybe(v.array(container)),
  logs: maybe(v.array(v.object({ container: text, group: text, stream: text, region: text }))),
  /** Moments of the task's states as ECS gave them. */
  timeline: maybe(v.record(text, moment)),
};

const migration = v.object({ ...task, stage: v.literal('run-migration-task') });
const wait = v.object({ ...task, stage: v.literal('wait-for-task') });

const failedTask = v.object({
  taskArn: text,
  stopCode: maybe(text),
  stoppedReason: maybe(text),
  /** When its containers ended. */
  endedAt: maybe(moment),
  explanation: maybe(explanation),
  containers: maybe(v.array(container)),
  logTail: maybe(logTail),
  logFinding: maybe(logFinding),
});

const progress = v.object({
  running: v.number(),
  pending: v.number(),
  desired: v.number(),
  /** Consecutive failures as ECS counts them. */
  failed: v.number(),
  /** So many end the wait; absent where nothing but ECS decides. */
  allowed: maybe(v.number()),
  stage: maybe(text),
  /** Percent of the production traffic that the new revision gets. */
  productionWeight: maybe(v.number()),
  /** Tasks of other deployments that still run. */
  old: v.number(),
});

const rollout = v.object({
  ...base,
  stage: v.picklist(['update-service-and-verify', 'rollback-service', 'continue-deployment']),
  cluster: text,
  service: text,
  /** The end that was asked for, where that is not a new revision that serves. */
  askedFor: maybe(v.picklist(['pause', 'rollback'])),
  /** ARN of the revision that was asked for. */
  taskDefinition: maybe(text),
  previousTaskDefinition: maybe(text),
  /** ARN of the revision that serves now, as far as ECS says. */
  servesNow: maybe(text),
  deploymentId: maybe(text),
  serviceDeploymentArn: maybe(text),
  /** How far ECS has come with going back. */
  rollbackPhase: maybe(v.picklist(['requested', 'in-progress', 'done', 'failed'])),
  /** What --on-failure or --on-interrupt did, and how that went. */
  rollback: maybe(v.object({ done: v.boolean(), text })),
  /** When the percentage of the production traffic that the new revision gets changed; only where it did. */
  trafficShifts: maybe(v.array(v.object({ at: moment, productionWeight: v.number() }))),
  /** The pause hook that waits for an answer. */
  pause: maybe(
    v.object({
      hookId: text,
      stage: maybe(text),
      expiresAt: maybe(moment),
      timeoutAction: text,
      /** The commands that let it go on and that roll it back. */
      continue: maybe(text),
      rollback: maybe(text),
    }),
  ),
  /** What differs from the revision before; values that may be secret are left out. */
  changes: maybe(
    v.array(
      v.object({
        place: text,
        change: v.picklist(['added', 'changed', 'removed']),
        from: maybe(text),
        to: maybe(text),
      }),
    ),
  ),
  images: maybe(v.array(container)),
  /** The addresses of --check-url that answered as expected, without query. */
  checkedUrls: maybe(v.array(v.object({ url: text, status: v.number() }))),
  failedTasks: maybe(v.array(failedTask)),
  events: maybe(v.array(text)),
  /** How far it had come where the verdict is not known. */
  progress: maybe(progress),
});

/** The Slack message that the stages of a workflow keep up to date, as the job that posted or answered it knows it. */
export const slackMessageSchema = v.object({
  schemaVersion: v.literal(schemaVersion),
  channel: text,
  ts: text,
  postedAt: moment,
  /** File names of the records whose last lines stand in its thread. */
  answered: v.array(text),
  /** The channel as it was asked for, which may be a name. */
  askedChannel: maybe(text),
  /** The environments that it tells of, as REGION/CLUSTER; none where there is only a build so far. */
  environments: maybe(v.array(text)),
  commit: maybe(text),
  workflow: maybe(text),
});
export type SlackMessageRecord = v.InferOutput<typeof slackMessageSchema>;

/** An Outcome as it stands in a record and in `--output json`. */
export const outcomeSchema = v.variant('stage', [build, migration, wait, rollout]);

export type Outcome = v.InferOutput<typeof outcomeSchema>;
export type BuildOutcome = v.InferOutput<typeof build>;
export type MigrationOutcome = v.InferOutput<typeof migration>;
export type WaitOutcome = v.InferOutput<typeof wait>;
export type TaskOutcome = MigrationOutcome | WaitOutcome;
export type RolloutOutcome = v.InferOutput<typeof rollout>;
export type Explanation = v.InferOutput<typeof explanation>;
export type FailedTask = v.InferOutput<typeof failedTask>;
export type Progress = v.InferOutput<typeof progress>;
export type LogFinding = v.InferOutput<typeof logFinding>;
export type LogTail = v.InferOutput<typeof logTail>;
