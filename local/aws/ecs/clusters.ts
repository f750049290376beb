import type { World } from '../part.ts';
import { ApiError, type Json } from '../wire.ts';

/** A cluster of the model. */
export interface ClusterRecord {
  name: string;
  arn: string;
  capacityProviders: string[];
  defaultCapacityProviderStrategy: Json[];
  tags: Json[];
}

/** The clusters there are; `default` always is. */
export class Clusters {
  readonly #world: World;
  readonly #byName = new Map<string, ClusterRecord>();

  constructor(world: World) {
    this.#world = world;
    this.create('default');
  }

  create(name: string, options: { defaultCapacityProviderStrategy?: Json[] } = {}): ClusterRecord {
    const { region, accountId } = this.#world;
    const record: ClusterRecord = {
      name,
      arn: `arn:aws:ecs:${region}:${accountId}:cluster/${name}`,
      capacityProviders: ['FARGATE', 'FARGATE_SPOT'],
      defaultCapacityProviderStrategy: options.defaultCapacityProviderStrategy ?? [],
      tags: [],
    };
    this.#byName.set(name, record);
    return record;
  }

  /** By name or ARN; without either the cluster `default`. */
  find(ref: string | undefined): ClusterRecord | undefined {
    return this.#byName.get(clusterName(ref ?? 'default'));
  }

  /** The same, or ClusterNotFoundException. */
  get(ref: string | undefined): ClusterRecord {
    const record = this.find(ref);
    if (record === undefined) throw new ApiError('ClusterNotFoundException', 'Cluster not found.');
    return record;
  }

  all(): ClusterRecord[] {
    return [...this.#byName.values()];
  }
}

const clusterName = (ref: string): string => ref.replace(/^arn:.*:cluster\//, '');
