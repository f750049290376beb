import type { LogPlace } from '../task/log-place.ts';
import type { TaskVerdict } from '../task/verdict.ts';

/** Facts about tasks that are being followed. */
export type FollowEvent =
  | { type: 'task-state'; taskArn: string; status: string; elapsedMs: number }
  | { type: 'container-ended'; taskArn: string; container: string; exitCode: number | undefined; judged: boolean }
  | { type: 'log-place'; taskArn: string; container: string; place: LogPlace }
  | { type: 'logs-unreadable'; taskArn: string; why: string; fix: string | undefined }
  | { type: 'log-line'; taskArn: string; container: string; message: string }
  | { type: 'heartbeat'; taskArn: string; status: string; elapsedMs: number; others: number }
  | { type: 'trouble'; message: string; inARow: number }
  | { type: 'judged'; taskArn: string; verdict: TaskVerdict['verdict']; elapsedMs: number };

/** Facts about a migration on its way. */
export type MigrationEvent =
  | FollowEvent
  | { type: 'warning'; text: string }
  | { type: 'image-pinned'; container: string; image: string }
  | { type: 'revision-registered'; taskDefinitionArn: string }
  | { type: 'waiting-for-others'; taskArns: string[] }
  | { type: 'others-done' }
  | { type: 'no-capacity'; reason: string; nextTryMs: number }
  | { type: 'start-unanswered'; message: string }
  | {
      type: 'task-started';
      taskArn: string;
      cluster: string;
      region: string;
      taskDefinition: string;
      container: string;
    }
  | { type: 'task-adopted'; taskArn: string }
  | { type: 'stopping-task'; taskArn: string; because: string };
