import type { AnyCommand } from './command.ts';

/** The commands in the order of --help; each one's code is loaded only when it is called. */
export const commands: readonly { name: string; describe: string; load: () => Promise<AnyCommand> }[] = [
  {
    name: 'build-and-push-image',
    describe: 'Builds an image with Docker, pushes it to Amazon ECR and reads its digest back.',
    load: async () => (await import('./build-and-push-image.ts')).buildAndPushImageCommand,
  },
  {
    name: 'run-migration-task',
    describe:
      'Runs a database migration as a one-off Amazon ECS task, once, follows its log and judges it by its exit code.',
    load: async () => (await import('./run-migration-task.ts')).runMigrationTaskCommand,
  },
  {
    name: 'wait-for-task',
    describe: 'Waits for Amazon ECS tasks that run already, with the same log and the same verdict.',
    load: async () => (await import('./wait-for-task.ts')).waitForTaskCommand,
  },
  {
    name: 'update-service-and-verify',
    describe: 'Deploys a revision to Amazon ECS services, follows exactly that deployment and proves what serves.',
    load: async () => (await import('./update-service-and-verify.ts')).updateServiceAndVerifyCommand,
  },
  {
    name: 'status',
    describe: 'Shows what serves, what is under way and how the last deployments ended; changes nothing.',
    load: async () => (await import('./status.ts')).statusCommand,
  },
  {
    name: 'rollback-service',
    describe: 'Brings the revision back that served before, or rolls back a deployment under way, and proves it.',
    load: async () => (await import('./rollback-service.ts')).rollbackServiceCommand,
  },
  {
    name: 'continue-deployment',
    describe: 'Answers the pause hook of a deployment and follows it to its end.',
    load: async () => (await import('./continue-deployment.ts')).continueDeploymentCommand,
  },
  {
    name: 'notify-slack',
    describe: 'Sends one Slack message about the deployment, made from the records of its stages.',
    load: async () => (await import('./notify-slack.ts')).notifySlackCommand,
  },
  {
    name: 'deploy-marker',
    describe: 'Tells CircleCI’s deploys page what is planned and how it ended; never fails a job.',
    load: async () => (await import('./deploy-marker.ts')).deployMarkerCommand,
  },
  {
    name: 'report',
    describe: 'Writes what happened as one HTML page, Markdown or JUnit XML, made from the records.',
    load: async () => (await import('./report.ts')).reportCommand,
  },
  {
    name: 'generate-config',
    describe: 'Prints or writes a whole .circleci/config.yml, from a naming scheme or from what AWS has.',
    load: async () => (await import('./generate-config.ts')).generateConfigCommand,
  },
  {
    name: 'check-config',
    describe: 'Says what a push would run, with which options, as CircleCI expands the config; needs no network.',
    load: async () => (await import('./check-config.ts')).checkConfigCommand,
  },
  {
    name: 'doctor',
    describe: 'Asks AWS, with the credentials at hand, whether everything is there that the pipeline will need.',
    load: async () => (await import('./doctor.ts')).doctorCommand,
  },
  {
    name: 'iam-policy',
    describe: 'Prints the least policy that a deploy role needs, and the trust policy for CircleCI.',
    load: async () => (await import('./iam-policy.ts')).iamPolicyCommand,
  },
];
