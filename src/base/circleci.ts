/** CircleCI's built-in variables that a record keeps; nothing secret is among them. */
const kept = {
  branch: 'CIRCLE_BRANCH',
  tag: 'CIRCLE_TAG',
  commit: 'CIRCLE_SHA1',
  job: 'CIRCLE_JOB',
  buildNumber: 'CIRCLE_BUILD_NUM',
  buildUrl: 'CIRCLE_BUILD_URL',
  username: 'CIRCLE_USERNAME',
  project: 'CIRCLE_PROJECT_REPONAME',
  owner: 'CIRCLE_PROJECT_USERNAME',
  repositoryUrl: 'CIRCLE_REPOSITORY_URL',
  workflowId: 'CIRCLE_WORKFLOW_ID',
  pipelineId: 'CIRCLE_PIPELINE_ID',
} as const;

/** The facts of the CircleCI job, under names of ours; only those that are set. */
export function circleCiFacts(
  env: Readonly<Record<string, string | undefined>>,
): Partial<Record<keyof typeof kept, string>> {
  return Object.fromEntries(
    Object.entries(kept).flatMap(([name, variable]) => {
      const value = env[variable] ?? '';
      if (value === '') return [];
      // It may carry a token.
      return [[name, name === 'repositoryUrl' ? value.replace(/^(https?:\/\/)[^@/]*@/, '$1') : value]];
    }),
  );
}

/** The page of a commit at GitHub or Bitbucket; undefined for other hosts, whose pages are not known. */
export function commitUrl(repositoryUrl: string | undefined, commit: string | undefined): string | undefined {
  const [, host = '', path = ''] =
    /^(?:git@|https:\/\/|ssh:\/\/git@)(github\.com|bitbucket\.org)[:/]([\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(
      repositoryUrl ?? '',
    ) ?? [];
  if (path === '' || !/^[0-9a-f]{7,64}$/.test(commit ?? '')) return undefined;
  return `https://${host}/${path}/${host === 'github.com' ? 'commit' : 'commits'}/${commit}`;
}
