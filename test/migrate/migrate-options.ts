import { migrationOf, runMigrationTaskOptions } from '../../src/commands/run-migration-task.ts';
import { valuesOf } from '../support/options.ts';

/** A migration of the family `app` on Fargate with nothing special about it. */
export const options = migrationOf(
  await valuesOf(runMigrationTaskOptions, {
    cluster: 'prod',
    'task-definition': 'app',
    command: 'rails db:migrate',
    subnets: 'subnet-1',
    'launch-type': 'FARGATE',
  }),
);
