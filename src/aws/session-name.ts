/** The name of an assumed session as STS allows it: 2 to 64 of its characters, whatever was asked for. */
export function sessionName(wanted: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const job = [env.CIRCLE_PROJECT_REPONAME, env.CIRCLE_JOB, env.CIRCLE_BUILD_NUM].filter((part) => (part ?? '') !== '');
  const name = wanted ?? (job.length > 0 ? job.join('-') : 'migrate-deploy');
  const allowed = name.replaceAll(/[^A-Za-z0-9_+=,.@-]+/g, '-').replaceAll(/-{2,}/g, '-');
  // The end tells sessions apart: it holds the number of the job.
  const short = wanted === undefined ? allowed.slice(-64) : allowed.slice(0, 64);
  return short.length >= 2 ? short : `${short}-session`;
}
