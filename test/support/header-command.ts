/** The command in the header of a generated config, in one line: without `#`, its continued lines put together. */
export const headerCommand = (config: string): string =>
  (/^# (migrate-deploy (?:.*\\\n#)*.*)$/m.exec(config)?.[1] ?? '').replaceAll(/ \\\n# +/g, ' ');
