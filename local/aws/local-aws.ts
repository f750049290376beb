import { randomUUID } from 'node:crypto';
import { Account } from './account/account.ts';
import { Behaviours } from './behaviour.ts';
import { VirtualClock } from './clock.ts';
import type { Core } from './core.ts';
import { failed, type Parsed, parse, succeeded } from './dispatch.ts';
import { EarlierAnswers } from './earlier-answers.ts';
import { EcrPart } from './ecr/index.ts';
import { Clusters } from './ecs/clusters.ts';
import { inventoryOperations } from './ecs/inventory-api.ts';
import { tagOperations } from './ecs/tag-api.ts';
import { taskOperations } from './ecs/task-api.ts';
import { taskDefinitionOperations } from './ecs/task-definition-api.ts';
import { TaskDefinitions } from './ecs/task-definitions.ts';
import { TaskEngine } from './ecs/task-engine.ts';
import { executes, type Fault, Faults, faultError, spoil } from './faults.ts';
import { IdentityPart } from './identity/index.ts';
import { LogStore } from './logs/log-store.ts';
import { logOperations } from './logs/logs-api.ts';
import { Operators } from './operators.ts';
import type { World } from './part.ts';
import { ServicesPart } from './services/index.ts';
import { defaultSettings, type Settings } from './settings.ts';
import { Throttle } from './throttle.ts';
import { GroundTruth, type Serving } from './truth.ts';
import {
  ApiError,
  type AwsServiceName,
  type Call,
  type Operations,
  type Principal,
  type RecordedRequest,
  type WireRequest,
  type WireResponse,
} from './wire.ts';
import { createWorld, type WorldOptions } from './world.ts';

/** ECS, ECR, CloudWatch Logs and STS in one process; `handle` is its only door. Its rules are in README.md. */
export class LocalAws implements Core {
  readonly world: World;
  readonly settings: Settings;
  readonly clusters: Clusters;
  readonly taskDefinitions: TaskDefinitions;
  readonly tasks: TaskEngine;
  readonly logs: LogStore;
  readonly behaviours = new Behaviours();
  readonly truth: GroundTruth;
  readonly faults: Faults;
  readonly ecr: EcrPart;
  readonly images: EcrPart;
  readonly identity: IdentityPart;
  readonly services: ServicesPart;
  /** Networks, databases, secrets and parameters. */
  readonly account = new Account();
  /** People and other tools that act at the same time, past the recorded requests. */
  readonly operators: Operators;
  readonly requests: RecordedRequest[] = [];
  /** Operations by service; parts may be added to. */
  readonly operations: Record<AwsServiceName, Operations>;
  readonly #throttle: Throttle;
  readonly #earlier = new EarlierAnswers();

  constructor(options: WorldOptions & { settings?: Partial<Settings> } = {}) {
    this.world = createWorld(options);
    this.settings = { ...defaultSettings(), ...options.settings };
    this.clusters = new Clusters(this.world);
    this.taskDefinitions = new TaskDefinitions(this.world);
    this.tasks = new TaskEngine(() => this);
    this.logs = new LogStore(this.world, this.settings);
    this.truth = new GroundTruth(
      (service) => this.#serving(service),
      (service) => this.services.rollouts(service),
    );
    this.faults = new Faults(() => this.world.clock.now());
    this.#throttle = new Throttle(this.world.clock);
    this.ecr = new EcrPart(this.world);
    this.images = this.ecr;
    this.identity = new IdentityPart(this.world);
    this.identity.setTaskDefinitions((reference) => {
      const record = this.taskDefinitions.get(reference);
      if (record === undefined) return undefined;
      const { taskRoleArn, executionRoleArn } = record.raw;
      return { taskDefinitionArn: record.arn, taskRoleArn, executionRoleArn };
    });
    this.services = new ServicesPart(this);
    this.operations = {
      ecs: {
        ...taskOperations(this, (cluster) => this.services.countIn(cluster)),
        ...taskDefinitionOperations(this),
        ...inventoryOperations(this),
        ...this.services.operations,
        ...tagOperations(this, (cluster, name) => this.services.find(cluster, name)),
      },
      logs: logOperations(this),
      ecr: this.ecr.operations,
      sts: this.identity.operations,
      iam: this.identity.iam,
      ec2: this.account.ec2,
      rds: this.account.rds,
      secretsmanager: this.account.secretsmanager,
      ssm: this.account.ssm,
      cloudwatch: this.account.cloudwatch,
    };
    this.operators = new Operators(this.world, () => this.operations.ecs);
  }

  /** The clock, when it is one that tests turn. */
  get clock(): VirtualClock {
    if (!(this.world.clock instanceof VirtualClock)) throw new Error('this model does not run on a virtual clock');
    return this.world.clock;
  }

  /** Answers one request as AWS would, faults and all. */
  async handle(request: WireRequest): Promise<WireResponse> {
    const requestId = randomUUID();
    let parsed: Parsed;
    try {
      parsed = parse(request);
    } catch (error) {
      return failed('ecs', asApiError(error), requestId);
    }
    const call: Call = {
      service: parsed.service,
      operation: parsed.operation,
      input: parsed.input,
      principal: undefined,
      region: parsed.region ?? this.world.region,
      atMs: this.world.clock.now(),
    };
    const record: RecordedRequest = { ...call, requestId, status: 0, headers: request.headers };
    this.requests.push(record);
    const fault = this.faults.take(call.service, call.operation);
    const response = await this.#answer(parsed, call, fault, record);
    record.principal = call.principal;
    record.status = response.status;
    return response;
  }

  async #answer(parsed: Parsed, call: Call, fault: Fault | undefined, record: RecordedRequest): Promise<WireResponse> {
    const { service, operation } = call;
    const { requestId } = record;
    try {
      if (fault !== undefined) {
        const error = faultError(fault);
        if (error !== undefined) throw error;
        if (!executes(fault.kind)) return spoil(fault, succeeded(parsed, {}, requestId));
      }
      if (this.settings.throttling) this.#throttle.take(service, operation);
      call.principal = this.#principal(parsed);
      const run = this.operations[service][operation];
      if (run === undefined)
        throw new ApiError('UnknownOperationException', `The operation ${operation} is not known.`);
      this.identity.authorize(call);
      const request = `${service} ${operation} ${JSON.stringify(call.input)}`;
      if (fault?.kind === 'stale') {
        const earlier = this.#earlier.until(request, call.atMs - (fault.ageMs ?? 0));
        if (earlier !== undefined) return earlier;
      }
      const output = await run(structuredClone(call.input), call);
      if (fault?.kind === 'twice') await run(structuredClone(call.input), call);
      const response = succeeded(parsed, output, requestId);
      if (/^(Describe|List|Get)/.test(operation)) this.#earlier.keep(request, call.atMs, response);
      return fault === undefined ? response : spoil(fault, response);
    } catch (thrown) {
      const error = asApiError(thrown);
      record.errorType = error.type;
      const response = failed(service, error, requestId);
      return fault === undefined ? response : spoil(fault, response);
    }
  }

  #principal(parsed: Parsed): Principal | undefined {
    // The one request of ours that carries no signature: its token is the proof.
    if (!parsed.signed && parsed.operation === 'AssumeRoleWithWebIdentity') return undefined;
    return this.identity.authenticate(parsed);
  }

  #serving(service: string): Serving {
    const tasks = [...this.tasks.tasks.values()].filter(
      ({ arn, serviceName, lastStatus, desiredStatus }) =>
        serviceName === service &&
        lastStatus === 'RUNNING' &&
        desiredStatus === 'RUNNING' &&
        this.services.takesTraffic(arn),
    );
    const unique = (values: (string | undefined)[]) =>
      [...new Set(values.filter((value) => value !== undefined))].sort();
    return {
      taskDefinitionArns: unique(tasks.map(({ taskDefinition }) => taskDefinition.arn)),
      imageDigests: unique(tasks.flatMap(({ containers }) => containers.map(({ imageDigest }) => imageDigest))),
      taskArns: tasks.map(({ arn }) => arn),
    };
  }
}

function asApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  // A bug of the model: loud, so that no test takes it for AWS.
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return new ApiError('LocalAwsBug', text, { status: 599 });
}
