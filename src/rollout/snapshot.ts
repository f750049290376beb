/** One entry of `deployments[]`; every enumeration is open. */
export interface DeploymentSnapshot {
  id?: string | undefined;
  status?: string | undefined;
  taskDefinition?: string | undefined;
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
  events?: readonly { message?: string | undefined }[] | undefined;
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
