import type { DiagnosisPattern } from './diagnose.ts';

/** Texts about a task that ran and was ended, and the catch-alls; see "Stopped tasks error messages" in the Amazon ECS developer guide. */
export const stopDiagnoses: readonly DiagnosisPattern[] = [
  {
    pattern: /OutOfMemory|killed due to memory usage/i,
    code: 'OUT_OF_MEMORY',
    cause: 'The container used more memory than it may.',
    fix: 'Raise the memory of the container or of the task (overrides can do so for one run), or make the program use less.',
  },
  {
    pattern: /failed ELB health checks/,
    code: 'ELB_HEALTH_CHECK',
    cause: 'The load balancer found the container unhealthy.',
    fix: 'Check path, port and expected codes of the target group, its security groups, and healthCheckGracePeriodSeconds.',
  },
  {
    pattern: /failed container health checks/,
    code: 'CONTAINER_HEALTH_CHECK',
    cause: 'The health check of the container failed.',
    fix: 'Run the health check command in the container, and check startPeriod, interval and retries.',
  },
  {
    pattern: /Scaling activity initiated by/,
    code: 'SCALED_IN',
    cause: 'The service replaced the task or scaled in; that is no failure.',
    fix: 'Nothing is wrong with the task itself; look at the deployment that replaced it.',
  },
  {
    pattern: /Spot (Task|instance) was interrupted|SpotInterruption/i,
    code: 'SPOT_INTERRUPTION',
    cause: 'AWS took the Spot capacity back before the task was done.',
    fix: 'Check what the migration left behind, then run it again on FARGATE, not on FARGATE_SPOT.',
  },
  {
    pattern: /performing maintenance on the underlying infrastructure/,
    code: 'MAINTENANCE',
    cause: 'AWS retired the host of the task.',
    fix: 'Check what the task left behind, then run it again.',
  },
  {
    pattern: /Host EC2 \(instance .*\) (stopped|terminated)|deregistration forced by user/,
    code: 'HOST_GONE',
    cause: 'The container instance went away under the task.',
    fix: 'Check what the task left behind, then run it again on another instance.',
  },
  {
    pattern: /Task stopped before image pull could begin/,
    code: 'STOPPED_EARLY',
    cause: 'The task was stopped before it began.',
    fix: 'Find out who stopped it, then run it again.',
  },
  {
    pattern: /Task stopped by user/,
    code: 'STOPPED_BY_USER',
    cause: 'Somebody stopped the task.',
    fix: 'Check what it left behind, then run it again.',
  },
  {
    pattern: /^InternalError/,
    code: 'AWS_INTERNAL',
    cause: 'Amazon ECS failed to prepare the task, usually its network interface.',
    fix: 'Run it again.',
  },
  {
    pattern: /^ResourceInitializationError/,
    code: 'RESOURCE_INITIALIZATION',
    cause: 'Something that the task needs before it starts could not be prepared.',
    fix: 'Check what the text names: network, secrets, volumes or logging.',
  },
];
