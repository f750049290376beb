import { own } from '../base/own.ts';
import type { Explanation } from '../records/schema.ts';
import type { ServiceDeploymentSnapshot } from './snapshot.ts';

/** Stands where ECS gives no reason. */
export const noReason = 'Amazon ECS gave no reason.';

const deployAgain = 'Correct what keeps the tasks from running, then deploy again with --force-new-deployment.';

const known: Readonly<Record<string, Pick<Explanation, 'cause' | 'fix'>>> = {
  ALARM: {
    cause: 'A CloudWatch alarm of the service went off during the deployment.',
    fix: 'Look at what the alarm measures, correct the revision, then deploy again.',
  },
  CIRCUIT_BREAKER: {
    cause: 'The deployment circuit breaker of Amazon ECS ended the deployment: too many tasks failed.',
    fix: deployAgain,
  },
  NO_ROLLBACK_CANDIDATE: {
    cause: 'The deployment failed, and Amazon ECS has no earlier deployment of the service to go back to.',
    fix: deployAgain,
  },
  LIFECYCLE_HOOK: {
    cause: 'A lifecycle hook of the service failed.',
    fix: 'Read the log of the hook, correct the revision or the hook, then deploy again.',
  },
  NETWORK_CONFIGURATION: {
    cause: 'The network configuration of the service is not valid any more.',
    fix: 'Check its subnets and security groups, then deploy again.',
  },
  ROLLBACK_REQUESTED: {
    cause: 'Somebody asked Amazon ECS to roll the deployment back.',
    fix: 'Find out who rolled it back and why, then deploy again.',
  },
  ROLLED_BACK: { cause: 'Amazon ECS went back to the previous revision.' },
  STOPPED: { cause: 'Amazon ECS stopped the deployment before it was successful.' },
};

/** A reason that ECS gave for the end of a deployment, with what it means and what to do. */
export function explained(code: string, said: string | undefined): Explanation {
  const { cause = 'The deployment failed.', fix } = own(known, code) ?? {};
  return {
    code,
    cause,
    ...(said === undefined ? {} : { said }),
    ...(fix === undefined ? {} : { fix }),
  };
}

/** Our stable code for why a deployment failed. */
export function codeOf(record: ServiceDeploymentSnapshot, reason: string): string {
  if (/no rollback candidate/i.test(reason)) return 'NO_ROLLBACK_CANDIDATE';
  if (record.alarms?.status === 'TRIGGERED' || /alarm/i.test(reason)) return 'ALARM';
  if (record.deploymentCircuitBreaker?.status === 'TRIGGERED' || /circuit breaker|tasks? failed to start/i.test(reason))
    return 'CIRCUIT_BREAKER';
  if (/hook/i.test(reason)) return 'LIFECYCLE_HOOK';
  if (/networking configuration/i.test(reason)) return 'NETWORK_CONFIGURATION';
  return /rollback was requested|user/i.test(reason) ? 'ROLLBACK_REQUESTED' : 'ROLLED_BACK';
}
