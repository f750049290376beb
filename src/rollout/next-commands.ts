import { familyRevision, resourceName } from '../base/arn.ts';
import type { Aws } from '../ports.ts';

/** The service that a printed command is about. */
interface Where {
  aws: Pick<Aws, 'region'>;
  cluster: string;
  service: string;
}

const place = ({ aws, cluster, service }: Where): string =>
  `--region ${aws.region} --cluster ${resourceName(cluster)} --service ${resourceName(service)}`;

/** The command that shows what serves and what is under way. */
export const statusCommand = (where: Where): string => `migrate-deploy status ${place(where)}`;

/** The command that answers the pause hooks that wait. */
export const continueCommand = (where: Where, action: 'continue' | 'rollback'): string =>
  `migrate-deploy continue-deployment ${place(where)} --action ${action}`;

/** The command that brings a revision back into service. */
export const rollbackCommand = (where: Where, taskDefinition: string): string =>
  `migrate-deploy rollback-service ${place(where)} --to ${familyRevision(taskDefinition)}`;
