import type { FailedTask, Progress, RolloutOutcome } from '../records/schema.ts';
import type { DefinitionDifference } from '../task-definition/diff.ts';
import type { Pause, RollbackPhase } from './snapshot.ts';

/** A URL that must answer once the new revision serves. */
export interface CheckUrl {
  url: string;
  status: number;
  timeoutMs: number;
}

/** Facts about rollouts on their way. */
export type RolloutEvent =
  | { type: 'warning'; text: string }
  | { type: 'note'; text: string }
  | { type: 'image-pinned'; service: string; container: string; image: string }
  | { type: 'differences'; service: string; from: string; differences: DefinitionDifference[] }
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
  | { type: 'service-deployment-found'; service: string; serviceDeploymentArn: string }
  | { type: 'progress'; service: string; progress: Progress }
  | { type: 'breaker-threshold'; service: string; failed: number; threshold: number }
  | { type: 'service-event'; service: string; message: string }
  | { type: 'task-failed'; service: string; task: FailedTask }
  | { type: 'paused'; service: string; pause: Pause; continueCommand: string; atMs: number }
  | {
      type: 'service-judged';
      service: string;
      taskDefinitionArn: string;
      verdict: RolloutOutcome['verdict'];
      phase: RollbackPhase | undefined;
    }
  | { type: 'hook-answered'; service: string; hookId: string; action: 'continue' | 'rollback' }
  | {
      type: 'heartbeat';
      services: string[];
      elapsedMs: number;
      leftMs: number;
      progress: Progress | undefined;
      /** The first one of them whose hook waits for an answer. */
      pausedService: string | undefined;
    }
  | { type: 'trouble'; message: string; inARow: number }
  | { type: 'rolling-back'; service: string; how: string }
  | { type: 'checking-url'; check: CheckUrl }
  | { type: 'url-answered'; check: CheckUrl; answered: number };
