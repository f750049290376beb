import type { FollowEvent } from '../task/events.ts';

/** Facts about a migration on its way. */
export type MigrationEvent =
  | FollowEvent
  | { type: 'image-pinned'; container: string; image: string }
  | { type: 'revision-registered'; taskDefinitionArn: string }
  | { type: 'revision-deregistered'; taskDefinitionArn: string }
  /** `again`: it was said before, and nothing has changed. */
  | { type: 'waiting-for-others'; taskArns: string[]; again: boolean }
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
  /** Nothing was started: an earlier run of this job did; it still runs, or has succeeded. */
  | {
      type: 'task-adopted';
      taskArn: string;
      cluster: string;
      region: string;
      state: 'runs' | 'succeeded' | 'unknown';
    };
