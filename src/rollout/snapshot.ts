import type { Explanation } from '../records/schema.ts';

/** One entry of `deployments[]`; every enumeration is open. */
export interface DeploymentSnapshot {
  id?: string | undefined;
  status?: string | undefined;
  taskDefinition?: string | undefined;
  createdAt?: Date | undefined;
  updatedAt?: Date | undefined;
  desiredCount?: number | undefined;
  runningCount?: number | undefined;
  pendingCount?: number | undefined;
  failedTasks?: number | undefined;
  rolloutState?: string | undefined;
  rolloutStateReason?: string | undefined;
}

/** The part of a DescribeServices answer that a verdict rests on. */
export interface ServiceSnapshot {
  status?: string | undefined;
  desiredCount?: number | undefined;
  runningCount?: number | undefined;
  pendingCount?: number | undefined;
  deployments?: readonly DeploymentSnapshot[] | undefined;
  events?: readonly { message?: string | undefined; createdAt?: Date | undefined }[] | undefined;
  deploymentConfiguration?:
    | {
        deploymentCircuitBreaker?: { rollback?: boolean | undefined } | undefined;
        alarms?: { rollback?: boolean | undefined } | undefined;
      }
    | undefined;
}

/** The part of a DescribeServiceDeployments answer that a verdict rests on. */
export interface ServiceDeploymentSnapshot {
  status?: string | undefined;
  statusReason?: string | undefined;
  lifecycleStage?: string | undefined;
  rollback?: { reason?: string | undefined; serviceRevisionArn?: string | undefined } | undefined;
  deploymentCircuitBreaker?: { status?: string | undefined } | undefined;
  alarms?: { status?: string | undefined; triggeredAlarmNames?: readonly string[] | undefined } | undefined;
  lifecycleHookDetails?:
    | readonly {
        hookId?: string | undefined;
        targetType?: string | undefined;
        targetArn?: string | undefined;
        status?: string | undefined;
        expiresAt?: Date | undefined;
        timeoutAction?: string | undefined;
      }[]
    | undefined;
}

/** A hook that waits for somebody. */
export interface Pause {
  hookId: string;
  stage: string | undefined;
  expiresAt: Date | undefined;
  timeoutAction: string;
}

/** How far ECS has come with taking our deployment back. */
export type RollbackPhase = 'requested' | 'in-progress' | 'done' | 'failed';

/** What became of our deployment, or that it is still going. */
export type RolloutVerdict =
  | { verdict: 'running' }
  | { verdict: 'paused'; pause: Pause }
  /** Our revision serves, as far as ECS says. */
  | { verdict: 'deployed' }
  /** What was asked for serves already. */
  | { verdict: 'unchanged' }
  /** No task runs, as was asked for: there is nothing that could serve. */
  | { verdict: 'not-verified'; explanation: Explanation }
  | { verdict: 'failed'; explanation: Explanation; phase?: RollbackPhase }
  | {
      verdict: 'rolled-back';
      phase: RollbackPhase;
      explanation: Explanation;
      /** The service revision that comes back, where ECS says it. */
      toRevision?: string;
    }
  | { verdict: 'superseded'; explanation: Explanation; by?: string };

/** A verdict that ends the wait; a pause does only where it was asked for. */
export type FinalVerdict = Exclude<RolloutVerdict, { verdict: 'running' }>;
