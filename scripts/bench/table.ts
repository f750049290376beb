/** One line of the table: what was measured, our figure, and the AWS CLI's on the same timeline. */
export interface Row {
  what: string;
  ours: string;
  /** Absent where the CLI has nothing of the kind, or is not installed. */
  awsCli?: string;
}

/** Rows that belong together; measured by themselves, so that one that fails takes no other with it. */
export interface Section {
  title: string;
  /** What the figures are, in a sentence. */
  about: string;
  measure(): AsyncGenerator<Row> | Generator<Row>;
}

/** A section as it was measured. */
export interface Measured {
  title: string;
  about: string;
  rows: Row[];
  /** Why rows are missing. */
  failed?: string;
}

/** Measures a section to its end or its fault. */
export async function measured({ title, about, measure }: Section): Promise<Measured> {
  const rows: Row[] = [];
  try {
    for await (const row of measure()) rows.push(row);
    return { title, about, rows };
  } catch (error) {
    return { title, about, rows, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

/** The sections as Markdown. */
export function markdown(machine: string, sections: readonly Measured[]): string {
  const tables = sections.map(({ title, about, rows, failed }) =>
    [
      `## ${title}`,
      '',
      about,
      '',
      '| | migrate-deploy | AWS CLI |',
      '|---|---|---|',
      ...rows.map(({ what, ours, awsCli = '–' }) => `| ${what} | ${ours} | ${awsCli} |`),
      ...(failed === undefined ? [] : ['', 'The rest could not be measured:', '', '```', failed, '```']),
      '',
    ].join('\n'),
  );
  return [
    '<!-- Written by `npm run bench`. -->',
    '# Benchmarks',
    '',
    `Measured on ${machine}. Times of a program are ratios to \`node -e 0\` on the same machine, in pairs: absolute times say more about the machine.`,
    'Waits run in virtual time against the local AWS of this repository; the AWS CLI runs on the same timelines.',
    '',
    ...tables,
  ].join('\n');
}

/** The middle one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
