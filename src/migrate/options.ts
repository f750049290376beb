import type { RunMigrationTaskOptions } from '../commands/run-migration-task.ts';
import type { AwsOptions, GeneralOptions, PlacementOptions, WaitingOptions } from '../options/shared.ts';
import type { TaskOverrides } from './overrides.ts';

export type { PlacementOptions, WaitingOptions };

/** What run-migration-task was asked to do: the values of its options. */
export type MigrateOptions = Omit<
  RunMigrationTaskOptions,
  'overrides' | keyof AwsOptions | keyof GeneralOptions | keyof PlacementOptions | keyof WaitingOptions
> & {
  overrides: TaskOverrides;
  placement: PlacementOptions;
  waiting: WaitingOptions;
};
