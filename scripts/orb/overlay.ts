/** Options that the orb does not offer, and why. */
export const notInTheOrb: Readonly<Record<string, string>> = {
  output: 'a build log is read by people',
  'expand-env': 'it is always on',
  state: 'the job has a place for it',
  outputs: 'it is always $BASH_ENV',
  status: 'the steps know how the job went',
  'bot-token': 'a token belongs into a context, as SLACK_ACCESS_TOKEN',
};

/**
 * Parameters that have another name than their option: the words of the aws-ecr and aws-ecs orbs. And `name` is the job's
 * own where a workflow calls it, so that a parameter of that name is never reached.
 */
export const renamed: Readonly<Record<string, string>> = {
  repository: 'repo',
  'build-arg': 'build_args',
  push: 'push_image',
  'create-repository': 'create_repo',
  'scan-on-push': 'repo_scan_on_push',
  'encryption-type': 'repo_encryption_type',
  'lifecycle-policy': 'lifecycle_policy_path',
  'repository-policy': 'repo_policy_path',
  name: 'migration_name',
  verify: 'verify_revision_is_deployed',
};

/** Defaults that only the orb has. */
export const defaults: Readonly<Record<string, string>> = { 'record-dir': '.migrate-deploy' };
