import type { ModelClock } from './clock.ts';
import { ApiError, type AwsServiceName } from './wire.ts';

interface Bucket {
  burst: number;
  perSecond: number;
}

const modify: Bucket = { burst: 100, perSecond: 40 };
const readTasks: Bucket = { burst: 100, perSecond: 20 };
const readServices: Bucket = { burst: 100, perSecond: 20 };
const changeServices: Bucket = { burst: 50, perSecond: 5 };
const register: Bucket = { burst: 20, perSecond: 1 };
const readDefinitions: Bucket = { burst: 50, perSecond: 20 };
const readDeployments: Bucket = { burst: 50, perSecond: 20 };
const readRevisions: Bucket = { burst: 50, perSecond: 20 };
const readClusters: Bucket = { burst: 50, perSecond: 20 };
const changeTags: Bucket = { burst: 20, perSecond: 10 };
const readTags: Bucket = { burst: 50, perSecond: 20 };
/** CloudWatch Logs' own quota for FilterLogEvents. */
const filterLogs: Bucket = { burst: 5, perSecond: 5 };
/** CloudWatch Logs' own quota for GetLogEvents. */
const readLogs: Bucket = { burst: 25, perSecond: 25 };

const buckets: Record<string, Bucket> = {
  'ecs RunTask': modify,
  'ecs StopTask': modify,
  'ecs DescribeTasks': readTasks,
  'ecs ListTasks': readTasks,
  'ecs DescribeServices': readServices,
  'ecs ListServices': readServices,
  'ecs CreateService': changeServices,
  'ecs UpdateService': changeServices,
  'ecs DeleteService': changeServices,
  'ecs RegisterTaskDefinition': register,
  'ecs DeregisterTaskDefinition': register,
  'ecs DescribeTaskDefinition': readDefinitions,
  'ecs ListTaskDefinitions': readDefinitions,
  'ecs ListServiceDeployments': readDeployments,
  'ecs DescribeServiceDeployments': readDeployments,
  'ecs DescribeServiceRevisions': readRevisions,
  'ecs DescribeClusters': readClusters,
  'ecs ListClusters': readClusters,
  'ecs ListTagsForResource': readTags,
  'ecs TagResource': changeTags,
  'ecs UntagResource': changeTags,
  'logs GetLogEvents': readLogs,
  'logs FilterLogEvents': filterLogs,
};

/** The token buckets of ECS: one per category, shared by its operations, refilled by the model's clock. */
export class Throttle {
  readonly #clock: ModelClock;
  readonly #left = new Map<Bucket, { tokens: number; atMs: number }>();

  constructor(clock: ModelClock) {
    this.#clock = clock;
  }

  /** Takes a token for the request, or throws ThrottlingException. */
  take(service: AwsServiceName, operation: string): void {
    const bucket = buckets[`${service} ${operation}`];
    if (bucket === undefined) return;
    const nowMs = this.#clock.now();
    const last = this.#left.get(bucket) ?? { tokens: bucket.burst, atMs: nowMs };
    const tokens = Math.min(bucket.burst, last.tokens + ((nowMs - last.atMs) / 1000) * bucket.perSecond);
    this.#left.set(bucket, { tokens: tokens < 1 ? tokens : tokens - 1, atMs: nowMs });
    if (tokens < 1) throw new ApiError('ThrottlingException', 'Rate exceeded');
  }
}
