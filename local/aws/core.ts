import type { Behaviours } from './behaviour.ts';
import type { Clusters } from './ecs/clusters.ts';
import type { TaskDefinitions } from './ecs/task-definitions.ts';
import type { TaskEngine } from './ecs/task-engine.ts';
import type { LogStore } from './logs/log-store.ts';
import type { ImageResolver, World } from './part.ts';
import type { Settings } from './settings.ts';
import type { GroundTruth } from './truth.ts';

/** What every part is built from: one world, and the parts that others lean on. */
export interface Core {
  world: World;
  settings: Settings;
  clusters: Clusters;
  taskDefinitions: TaskDefinitions;
  tasks: TaskEngine;
  logs: LogStore;
  behaviours: Behaviours;
  truth: GroundTruth;
  /** Replaceable: ECR puts itself in front when it is there. */
  images: ImageResolver;
}
