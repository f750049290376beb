import type { ContainerBehaviour } from '../behaviour.ts';
import type { Core } from '../core.ts';
import {
  type ContainerLauncher,
  definitionOf,
  factsOf,
  loggerFault,
  type RunningContainer,
} from './container-launch.ts';
import { newTask, resolveImages } from './new-task.ts';
import type { ContainerRecord, LaunchSpec, TaskChange, TaskListener, TaskRecord } from './records.ts';
import { type ContainerHooks, startContainer } from './start-container.ts';

interface Live {
  cancels: (() => void)[];
  running: Map<string, RunningContainer>;
  behaviours: Map<string, ContainerBehaviour>;
  /** Containers that were sent a signal before they ended. */
  told: Set<string>;
}

/** Moves tasks through their states by the world's clock. */
export class TaskEngine {
  readonly tasks = new Map<string, TaskRecord>();
  /** Runs containers for real where it can; scripts do where it cannot. */
  launcher: ContainerLauncher | undefined;
  readonly #core: () => Core;
  readonly #live = new Map<string, Live>();
  readonly #listeners: TaskListener[] = [];

  constructor(core: () => Core) {
    this.#core = core;
  }

  subscribe(listener: TaskListener): void {
    this.#listeners.push(listener);
  }

  /** Starts a task: PROVISIONING (or PENDING) now, the rest by the clock. */
  launch(spec: LaunchSpec): TaskRecord {
    const core = this.#core();
    const task = newTask(spec, core);
    const live: Live = { cancels: [], running: new Map(), behaviours: new Map(), told: new Set() };
    this.tasks.set(task.arn, task);
    this.#live.set(task.arn, live);
    const failed = resolveImages(task, spec, core);
    for (const container of task.containers) {
      if (container.defined) live.behaviours.set(container.name, core.behaviours.take(factsOf(task, container)));
    }
    this.#schedule(task, failed);
    return task;
  }

  /** Begins to stop a task as StopTask, the service scheduler or Spot does; a task that is stopping already stays as it is. */
  stop(task: TaskRecord, why: { stopCode: string; reason: string }): void {
    if (task.desiredStatus === 'STOPPED') return;
    this.#cancel(task);
    this.#beginStop(task, why);
    if (task.startedAtMs === undefined) {
      for (const container of task.containers) container.lastStatus = 'STOPPED';
      this.#deprovision(task);
      return;
    }
    task.lastStatus = task.serviceName === undefined ? 'STOPPING' : 'DEACTIVATING';
    this.#terminate(task);
    // Whatever has ended by itself a moment before leaves nothing to wait for.
    if (this.#allEnded(task)) this.#deprovision(task);
  }

  /** The behaviour script that a container got when it was launched. */
  behaviourOf(task: TaskRecord, container: string): ContainerBehaviour {
    return this.#live.get(task.arn)?.behaviours.get(container) ?? {};
  }

  #schedule(task: TaskRecord, pullFault: { container: ContainerRecord; error: string } | undefined): void {
    const { settings } = this.#core();
    const { provisioningMs, pullStartMs, pullStopMs, startMs, activatingMs } = settings.timings;
    const behaviours = [...(this.#live.get(task.arn)?.behaviours ?? [])];
    const scripted = behaviours.find(([, { start }]) => start !== undefined);
    const pendingMs = Math.max(0, ...behaviours.map(([, behaviour]) => behaviour.pendingMs ?? 0));
    if (task.lastStatus === 'PROVISIONING') {
      this.#after(task, provisioningMs, () => {
        task.connectivityAtMs = this.#nowMs();
        this.#to(task, 'PENDING');
      });
    }
    this.#after(task, pullStartMs, () => {
      task.pullStartedAtMs = this.#nowMs();
      if (pullFault !== undefined) this.#failStart(task, pullFault.error, pullFault.container);
    });
    const start = scripted?.[1].start;
    if (start !== undefined) {
      const container = task.containers.find(({ name }) => name === scripted?.[0]);
      this.#after(task, start.afterMs ?? pullStartMs, () =>
        this.#failStart(task, start.reason, start.on === 'task' ? undefined : container),
      );
      return;
    }
    if (pullFault !== undefined) return;
    this.#after(task, pullStopMs, () => {
      task.pullStoppedAtMs = this.#nowMs();
    });
    const isOfService = task.serviceName !== undefined;
    if (isOfService) this.#after(task, pullStartMs, () => this.#to(task, 'ACTIVATING'));
    const readyMs = isOfService ? Math.max(startMs, pullStartMs + activatingMs) : startMs;
    this.#after(task, Math.max(readyMs, pendingMs), () => this.#start(task));
  }

  #start(task: TaskRecord): void {
    const core = this.#core();
    const fault = loggerFault(task, core);
    if (fault !== undefined) {
      this.#failStart(task, fault);
      return;
    }
    task.startedAtMs = this.#nowMs();
    const live = this.#live.get(task.arn);
    const hooks: ContainerHooks = {
      launcher: this.launcher,
      exited: (container, code, reason) => this.#exited(task, container, code, reason),
      after: (ms, run) => this.#after(task, ms, run),
      healthChanged: () => this.#notify(task, 'health'),
    };
    for (const container of task.containers) {
      const running = startContainer(task, container, this.behaviourOf(task, container.name), hooks, core);
      if (running !== undefined) live?.running.set(container.name, running);
    }
    this.#to(task, 'RUNNING');
    this.#notify(task, 'running');
    for (const [, { stop }] of this.#live.get(task.arn)?.behaviours ?? []) {
      if (stop !== undefined) this.#after(task, stop.atMs, () => this.stop(task, stop));
    }
  }

  #exited(task: TaskRecord, container: ContainerRecord, code: number | undefined, reason: string | undefined): void {
    const { truth, settings } = this.#core();
    container.lastStatus = 'STOPPED';
    if (code !== undefined) container.exitCode = code;
    if (reason !== undefined) container.reason = reason;
    const run = truth.runs.findLast((one) => one.taskArn === task.arn && one.container === container.name);
    if (run !== undefined) {
      run.stoppedAtMs = this.#nowMs();
      run.ended = this.#live.get(task.arn)?.told.has(container.name) === true ? 'told to stop' : 'by itself';
      if (code !== undefined) run.exitCode = code;
    }
    task.version++;
    if (task.stoppingAtMs !== undefined) {
      if (this.#allEnded(task) && task.lastStatus !== 'DEPROVISIONING') this.#deprovision(task);
      return;
    }
    if (task.executionStoppedAtMs !== undefined || !container.essential) return;
    task.executionStoppedAtMs = this.#nowMs();
    this.#cancel(task);
    this.#terminate(task);
    this.#after(task, settings.timings.settleMs, () => {
      this.#beginStop(task, { stopCode: 'EssentialContainerExited', reason: 'Essential container in task exited' });
      if (this.#allEnded(task)) this.#deprovision(task);
    });
  }

  #allEnded(task: TaskRecord): boolean {
    return task.containers.every(({ defined, lastStatus }) => !defined || lastStatus === 'STOPPED');
  }

  /** SIGTERM to what still runs, SIGKILL after `stopTimeout`. */
  #terminate(task: TaskRecord): void {
    for (const container of task.containers) {
      if (!container.defined || container.lastStatus === 'STOPPED') continue;
      const live = this.#live.get(task.arn);
      const running = live?.running.get(container.name);
      live?.told.add(container.name);
      running?.kill('SIGTERM');
      const stopTimeoutMs = (definitionOf(task, container)?.stopTimeout ?? 30) * 1000;
      this.#core().world.clock.at(this.#nowMs() + stopTimeoutMs, () => {
        if (container.lastStatus !== 'STOPPED') running?.kill('SIGKILL');
      });
    }
  }

  #failStart(task: TaskRecord, reason: string, container?: ContainerRecord): void {
    this.#cancel(task);
    for (const one of task.containers) one.lastStatus = 'STOPPED';
    if (container !== undefined) container.reason = reason;
    this.#beginStop(task, { stopCode: 'TaskFailedToStart', reason });
    this.#deprovision(task);
  }

  #beginStop(task: TaskRecord, why: { stopCode: string; reason: string }): void {
    task.desiredStatus = 'STOPPED';
    task.stoppingAtMs = this.#nowMs();
    task.stopCode = why.stopCode;
    task.stoppedReason = why.reason;
    task.version++;
    this.#notify(task, 'stopping');
  }

  #deprovision(task: TaskRecord): void {
    const { settings } = this.#core();
    task.executionStoppedAtMs ??= this.#nowMs();
    for (const container of task.containers.filter(({ defined }) => !defined)) {
      const script = settings.injectedContainers.find(({ name }) => name === container.name);
      container.lastStatus = 'STOPPED';
      if (script?.exitCode !== undefined) container.exitCode = script.exitCode;
      if (script?.reason !== undefined) container.reason = script.reason;
    }
    this.#to(task, 'DEPROVISIONING');
    this.#after(task, settings.timings.deprovisionMs, () => {
      task.stoppedAtMs = this.#nowMs();
      this.#to(task, 'STOPPED');
      this.#notify(task, 'stopped');
    });
  }

  #to(task: TaskRecord, lastStatus: string): void {
    task.lastStatus = lastStatus;
    task.version++;
  }

  #notify(task: TaskRecord, change: TaskChange): void {
    for (const listener of this.#listeners) listener(task, change);
  }

  #nowMs(): number {
    return this.#core().world.clock.now();
  }

  #after(task: TaskRecord, ms: number, run: () => void): void {
    this.#live.get(task.arn)?.cancels.push(this.#core().world.clock.at(this.#nowMs() + ms, run));
  }

  #cancel(task: TaskRecord): void {
    const live = this.#live.get(task.arn);
    for (const cancel of live?.cancels.splice(0) ?? []) cancel();
  }
}
