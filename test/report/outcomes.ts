import type { Outcome } from '../../src/outcome.ts';
import {
  type BuildOutcome,
  type MigrationOutcome,
  type RolloutOutcome,
  schemaVersion,
} from '../../src/records/schema.ts';

/** A pipeline of 12 January, 09:00: Outcomes for tests of what people look at. */
const at = (minutes: number, seconds = 0): string => new Date(Date.UTC(2026, 0, 12, 9, minutes, seconds)).toISOString();

export const digest = `sha256:${'ab12'.repeat(16)}`;
const repository = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop';
const arn = (rest: string): string => `arn:aws:ecs:eu-west-1:123456789012:${rest}`;
export const ci = {
  branch: 'main',
  commit: '4f2c81d09a7be3355c1f0d6b2e8a9c7d1e0f3b5a',
  job: 'deploy-production',
  buildUrl: 'https://circleci.com/gh/acme/shop/1742',
  username: 'momiji',
  owner: 'acme',
  project: 'shop',
  repositoryUrl: 'git@github.com:acme/shop.git',
};
const shared = { schemaVersion, region: 'eu-west-1', account: '123456789012', commit: ci.commit, ci } as const;

export const built: BuildOutcome = {
  ...shared,
  stage: 'build-and-push-image',
  verdict: 'succeeded',
  repository,
  tags: ['4f2c81d', 'latest'],
  image: `${repository}@${digest}`,
  digest,
  startedAt: at(0),
  finishedAt: at(1, 40),
  timingsMs: { build: 72_000, push: 28_000 },
};

export const migrated: MigrationOutcome = {
  ...shared,
  stage: 'run-migration-task',
  verdict: 'succeeded',
  cluster: 'production',
  family: 'shop',
  taskArn: arn('task/production/0123456789abcdef0123456789abcdef'),
  taskDefinition: arn('task-definition/shop:42'),
  container: 'app',
  exitCode: 0,
  stopCode: 'EssentialContainerExited',
  containers: [{ name: 'app', image: `${repository}@${digest}`, imageDigest: digest, exitCode: 0 }],
  logs: [
    { container: 'app', group: '/ecs/shop', stream: 'app/app/0123456789abcdef0123456789abcdef', region: 'eu-west-1' },
  ],
  startedAt: at(2),
  finishedAt: at(3, 25),
  timingsMs: { provisioning: 12_000, pull: 21_000, start: 3_000, run: 41_000, stop: 6_000 },
  timeline: {
    createdAt: at(2, 2),
    pullStartedAt: at(2, 14),
    pullStoppedAt: at(2, 35),
    startedAt: at(2, 38),
    executionStoppedAt: at(3, 19),
    stoppedAt: at(3, 25),
  },
  logTail: [{ container: 'app', lines: ['== 20260112 AddIndex: migrated (0.0412s) =='] }],
};

export const deployed: RolloutOutcome = {
  ...shared,
  stage: 'update-service-and-verify',
  verdict: 'deployed',
  cluster: 'production',
  service: 'shop-web',
  taskDefinition: arn('task-definition/shop:42'),
  previousTaskDefinition: arn('task-definition/shop:41'),
  servesNow: arn('task-definition/shop:42'),
  deploymentId: 'ecs-svc/1234567890123456789',
  serviceDeploymentArn: arn('service-deployment/production/shop-web/AbCdEfGhIjKlMnOpQrStU'),
  changes: [
    {
      place: 'container app: image',
      change: 'changed',
      from: `${repository}@sha256:${'cd34'.repeat(16)}`,
      to: `${repository}@${digest}`,
    },
    { place: 'container app: environment FEATURE_CHECKOUT', change: 'added' },
  ],
  images: [{ name: 'app', image: `${repository}@${digest}`, imageDigest: digest }],
  checkedUrls: [{ url: 'https://shop.example/health', status: 200 }],
  startedAt: at(4),
  finishedAt: at(8, 31),
  timingsMs: { tasksRunning: 95_000, deployed: 240_000, judged: 271_000 },
  undo: 'migrate-deploy rollback-service --region eu-west-1 --cluster production --service shop-web --to shop:41',
};

export const migrationFailed: MigrationOutcome = {
  ...migrated,
  logFinding: {
    container: 'app',
    line: 'PG::DuplicateColumn: ERROR:  column "email" of relation "users" already exists',
    code: 'COLUMN_EXISTS',
    framework: 'Rails',
    cause: 'The migration adds a column that is there already.',
    fix: 'Find out whether an earlier run added it; then mark the migration as done, or let it check first.',
  },
  verdict: 'failed',
  exitCode: 1,
  containers: [{ name: 'app', image: `${repository}@${digest}`, imageDigest: digest, exitCode: 1 }],
  explanation: {
    code: 'EXIT_CODE',
    cause: 'The program reported an error.',
    fix: 'Read its log; correct the program or its input, then run it again.',
  },
  logTail: [
    {
      container: 'app',
      lines: [
        '== 20260112 AddEmail: migrating ==',
        '-- add_column(:users, :email, :string)',
        'rails aborted!',
        'PG::DuplicateColumn: ERROR:  column "email" of relation "users" already exists',
        "/app/db/migrate/20260112_add_email.rb:3:in `change'",
        'Tasks: TOP => db:migrate',
      ],
    },
  ],
};

const { undo: _undo, images: _images, checkedUrls: _checkedUrls, ...unproved } = deployed;

export const rolledBack: RolloutOutcome = {
  ...unproved,
  verdict: 'rolled-back',
  rollbackPhase: 'done',
  servesNow: arn('task-definition/shop:41'),
  explanation: {
    code: 'EXIT_CODE',
    cause: 'The deployment circuit breaker of Amazon ECS ended the deployment: too many tasks failed.',
    said: 'Service deployment rolled back because the circuit breaker threshold was exceeded.',
    fix: 'Read its last lines, correct the program or its configuration, then deploy again.',
  },
  failedTasks: [1, 2, 3].map((number) => ({
    taskArn: arn(`task/production/${String(number).repeat(32)}`),
    stopCode: 'EssentialContainerExited',
    stoppedReason: 'Essential container in task exited',
    endedAt: at(4 + number, 10),
    explanation: { code: 'EXIT_CODE', cause: 'The program reported an error.', fix: 'Read its last lines.' },
    containers: [{ name: 'app', exitCode: 1 }],
    ...(number === 1
      ? {
          logFinding: {
            container: 'app',
            line: 'Error: connect ECONNREFUSED 10.0.12.7:5432',
            code: 'DATABASE_REFUSED',
            cause: 'Nothing listens at the address of the database.',
            fix: 'Check host and port of the database, and that its security group lets the tasks in.',
          },
          logTail: [
            {
              container: 'app',
              lines: ['booting', 'Error: connect ECONNREFUSED 10.0.12.7:5432', '    at TCPConnectWrap.afterConnect'],
            },
          ],
        }
      : {}),
  })),
  timingsMs: { judged: 261_000 },
};

export const superseded: RolloutOutcome = {
  ...unproved,
  verdict: 'superseded',
  servesNow: arn('task-definition/shop:43'),
  explanation: {
    code: 'SUPERSEDED',
    cause: 'Another deployment took the place of this one. Deployment ecs-svc/99 brings shop:43.',
    fix: 'Nothing is wrong with this revision; look at the deployment that replaced it.',
  },
};

/** The Outcomes of whole pipelines, by what became of them. */
export const pipelines = {
  green: [built, migrated, deployed],
  migrationFailed: [built, migrationFailed],
  rolledBack: [built, migrated, rolledBack],
  superseded: [built, migrated, superseded],
} satisfies Record<string, Outcome[]>;
