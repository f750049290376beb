import type { ContainerBehaviour } from '../../local/aws/behaviour.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { fargateDefinition } from '../../local/aws/test-client.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import type { MigrateOptions } from '../../src/migrate/options.ts';
import { canary } from './faults.ts';
import { type Ended, findingsOf, togetherFindings } from './migration-findings.ts';
import type { MigrationRun, MigrationSchedule } from './migration-schedule.ts';
import { startProgram } from './program.ts';
import { SharedTime } from './shared-time.ts';

/** CircleCI needs some time to begin a rerun. */
const rerunAfterMs = 10_000;

/** Lives through a schedule and returns what contradicts the ground truth; nothing, where all is well. */
export async function migrationFindings(schedule: MigrationSchedule): Promise<string[]> {
  const model = prepared(schedule);
  const time = new SharedTime(model.clock);
  const startMs = model.clock.now();
  const ended: Ended[] = [];
  const folders = new Map<string, Map<string, string>>();
  if (schedule.operatorStopsAtMs !== undefined) {
    model.clock.at(startMs + schedule.operatorStopsAtMs, () => {
      const newest = [...model.tasks.tasks.keys()].at(-1);
      if (newest !== undefined) void model.operators.stopTask(newest).catch(() => undefined);
    });
  }
  const jobs = (['a', 'b'] as const).map(async (job) => {
    for (const one of schedule.runs.filter((some) => some.job === job)) {
      await time.sleep(Math.max(0, startMs + one.startAtMs - model.clock.now()));
      const kept = one.keepsRecords ? folders.get(job) : undefined;
      const folder = new Map(kept ?? []);
      folders.set(job, folder);
      ended.push(await live(one, { model, time, folder, attempt: ended.length }));
      await time.sleep(rerunAfterMs);
    }
  });
  await time.passUntil(Promise.all(jobs));
  return [...ended.flatMap((one) => findingsOf(one, model, schedule)), ...togetherFindings(ended, model, schedule)];
}

function prepared(schedule: MigrationSchedule): LocalAws {
  const model = new LocalAws({ seed: 7 });
  const { settings } = model;
  model.clusters.create('prod');
  model.logs.createGroup('/ecs/app');
  const definition = fargateDefinition('app') as { containerDefinitions: { name: string }[] };
  const [app] = definition.containerDefinitions;
  if (app === undefined) throw new Error('the definition has no container');
  const sidecar =
    schedule.sidecar === undefined ? [] : [{ ...app, name: 'proxy', essential: schedule.sidecar.essential }];
  // A task needs one essential container.
  const isEssential = schedule.isEssential || schedule.sidecar?.essential !== true;
  model.taskDefinitions.register({
    ...definition,
    containerDefinitions: [{ ...app, essential: isEssential }, ...sidecar],
  });
  if (schedule.sidecar !== undefined) model.behaviours.script({ container: 'proxy' }, schedule.sidecar.behaviour);
  for (const one of schedule.behaviours.toReversed()) {
    model.behaviours.script(
      { container: app.name, times: 1 },
      { ...withoutReason(one), logs: [{ atMs: 10, message: 'CREATE TABLE' }] },
    );
  }
  // After a try that placed nothing only ListTasks shows the next one's task, and no rerun comes before it is listed.
  settings.missingForMs = Math.min(schedule.missingForMs, schedule.capacityFailures > 0 ? rerunAfterMs : 50_000);
  settings.missingWindows = schedule.missingWindows;
  settings.stopCodeDelayMs = schedule.stopCodeDelayMs;
  settings.timings = { ...settings.timings, settleMs: schedule.settleMs };
  settings.runTaskFailures = Array.from({ length: schedule.capacityFailures }, () => [{ reason: 'RESOURCE:MEMORY' }]);
  for (const fault of schedule.faults) model.faults.script(fault);
  return model;
}

/** No container is killed with exit code 0. */
const withoutReason = ({ reason, ...behaviour }: ContainerBehaviour): ContainerBehaviour =>
  behaviour.exitCode === 0 || reason === undefined ? behaviour : { ...behaviour, reason };

async function live(
  run: MigrationRun,
  { model, time, folder, attempt }: { model: LocalAws; time: SharedTime; folder: Map<string, string>; attempt: number },
): Promise<Ended> {
  const env = {
    CIRCLECI: 'true',
    CIRCLE_SHA1: 'c0ffee',
    CIRCLE_WORKFLOW_WORKSPACE_ID: 'workspace-1',
    CIRCLE_JOB: `migrate-${run.job}`,
    CIRCLE_WORKFLOW_JOB_ID: `job-${attempt}`,
  };
  const program = await time.busy(() => startProgram(model, time, { env, folder, timeoutMs: run.timeoutMs }));
  const startedAtMs = model.clock.now();
  const over = { yet: false };
  if (run.interruptAtMs !== undefined) {
    model.clock.at(startedAtMs + run.interruptAtMs, () => {
      if (!over.yet) program.interrupt.trigger();
    });
  }
  const end = await migrate(optionsOf(run), { ...program, emit: program.emit }).then(
    (outcome) => ({ outcome, error: undefined }),
    (error: unknown) => ({ outcome: undefined, error }),
  );
  over.yet = true;
  const alive = [...model.tasks.tasks.values()].filter(({ lastStatus }) => lastStatus !== 'STOPPED');
  return { run, program, ...end, startedAtMs, endedAtMs: model.clock.now(), aliveTasks: alive.map(({ arn }) => arn) };
}

function optionsOf(run: MigrationRun): MigrateOptions {
  return {
    cluster: 'prod',
    taskDefinition: 'app',
    taskDefinitionFromService: undefined,
    overrides: {},
    container: 'app',
    command: ['rails', 'db:migrate'],
    environment: [{ name: 'SECRET', value: canary }],
    count: 1,
    images: [],
    placement: {
      networkFromService: undefined,
      subnets: ['subnet-1'],
      securityGroups: [],
      assignPublicIp: undefined,
      launchType: 'FARGATE',
      capacityProviderStrategy: [],
      platformVersion: undefined,
      placementConstraints: [],
      placementStrategy: [],
    },
    startedBy: undefined,
    group: undefined,
    tags: [],
    propagateTags: undefined,
    enableExecuteCommand: false,
    clientToken: undefined,
    exclusive: run.exclusive,
    name: undefined,
    retryCapacityMs: undefined,
    wait: run.wait,
    waiting: {
      timeoutMs: run.timeoutMs,
      pollIntervalMs: run.pollIntervalMs,
      logs: true,
      logGraceMs: undefined,
      onTimeout: run.onTimeout,
      onInterrupt: run.onInterrupt,
      passExitCode: false,
    },
  };
}
