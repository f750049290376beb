import { iamPolicies } from '../iam/policy.ts';
import { iamPolicyLines } from '../iam/text.ts';
import { type IamPolicyOptions, iamPolicySpecs, readIamPolicyOptions } from '../options/iam-policy.ts';
import { exitCode } from '../outcome.ts';
import { defineCommand } from './command.ts';

/** `iam-policy`: asks nobody, it only prints. */
export const iamPolicyCommand = defineCommand<IamPolicyOptions>({
  options: iamPolicySpecs,
  examples: [
    [
      '$0 iam-policy --account 111122223333 --cluster hoge-stg --repository hoge-stg --task-definition hoge-service-stg --service hoge-apps-service-stg',
      'The policy of a role that runs the whole pipeline.',
    ],
    ['$0 iam-policy --for run-migration-task --output json', 'Only what a migration needs, for programs.'],
  ],
  takesRest: false,
  check: readIamPolicyOptions,
  run: (options) => {
    const policies = iamPolicies(options);
    const { policy, trustPolicy, wide } = policies;
    return Promise.resolve({
      exitCode: exitCode.done,
      lines: iamPolicyLines(policies),
      document: { exitCode: exitCode.done, policy, trustPolicy, wide },
    });
  },
  render: () => [],
});
