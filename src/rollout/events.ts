import type { DefinitionDifference } from '../task-definition/diff.ts';
import type { CheckUrl, FailedTask } from './model.ts';
import type { Pause, RollbackPhase } from './verdict.ts';

/** How far a deployment has come. */
export interface Progress {
  running: number;
  pending: number;
  desired: number;
  failed: number;
  allowed: number;
  stage: string | undefined;
  productionWeight: number | undefined;
  /** Tasks of other deployments that are still there. */
  old: number;
}

/** Facts about rollouts on their way. */
export type RolloutEvent =
  | { type: 'warning'; text: string }
  | { type: 'note'; text: string }
  | { type: 'image-pinned'; service: string; container: string; image: string }
  | { type: 'differences'; service: string; from: string; differences: DefinitionDifference[] }
  | { type: 'would-send'; action: string; input: unknown }
  | { type: 'revision-registered'; taskDefinitionArn: string }
  | {
      type: 'deployment-started';
      service: string;
      cluster: string;
      deploymentId: string;
      taskDefinitionArn: string;
      region: string;
    }
  | { type: 'deployment-adopted'; service: string; deploymentId: string; because: string }
  | { type: 'update-unanswered'; service: string; message: string }
  | { type: 'record-found'; service: string; serviceDeploymentArn: string }
  | { type: 'progress'; service: string; progress: Progress }
  | { type: 'service-event'; service: string; message: string }
  | { type: 'task-failed'; service: string; task: FailedTask }
  | { type: 'paused'; service: string; pause: Pause; continueCommand: string | undefined }
  | { type: 'service-judged'; service: string; verdict: string; phase?: RollbackPhase; elapsedMs: number }
  | { type: 'heartbeat'; services: string[]; elapsedMs: number; progress: Progress | undefined }
  | { type: 'trouble'; message: string; inARow: number }
  | { type: 'rolling-back'; service: string; how: string }
  | { type: 'checking-url'; check: CheckUrl }
  | { type: 'url-answered'; check: CheckUrl; answered: number };
