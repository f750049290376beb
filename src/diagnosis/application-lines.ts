/** Stack frames, details of an error and hints: they belong to an error and are never the error. */
const frames: readonly RegExp[] = [
  /^\s*at (?:async |new |\S{1,300} ?\(|\S{1,300}:\d+|java\.|file:|node:|\/)/,
  /^\s+at /,
  /^\s*(?:from )?(?:<internal:)?\S{1,300}:\d+:in [`'][^`']{1,200}'$/,
  /^\s+File "[^"]{1,300}"/,
  /^\s*#\d+ /,
  /^\s+\([\w .-]{1,60}\) \S{1,200}\.exs?:\d+/,
  /^\s*\.\.\. \d+ (?:more|lines)/,
  /^\s+(?:errno|code|syscall|address|port|hostname|path|length|severity|detail|hint|position|where|schema|table|column|dataType|constraint|file|line|routine|query|parameters|driverError|clientVersion|errorCode|SqlState|MessageText): /i,
  /^\s*(?:HINT|DETAIL|CONTEXT|QUERY|STATEMENT|LINE \d+):? /,
  /^[\s~^]+$/,
  /^goroutine \d+ \[|^created by \S|^[\w./*()]{1,200}\(.{0,200}\)$/,
  /^DbError \{/,
];

/** Lines that look like an error and say nothing of its cause. */
const noise: readonly RegExp[] = [
  /^(?:rails|rake|bin\/rails) aborted!/,
  /^Tasks: TOP =>|^\(See full trace by running/,
  /An error has occurred, (?:this and )?all later migrations canceled/,
  /^Traceback \(most recent call last\)|Traceback \(most recent call last\):$/,
  /^The above exception was the direct cause|^During handling of the above exception/,
  /^Caused by:$/,
  /^npm (?:ERR!|error|notice|warn)|^\s*ELIFECYCLE|^ERR_PNPM|^error Command failed|^info Visit https/i,
  /exited with (?:code|status)|exit(?: code|ed with code|_code)?[ =:]+\d+$|^make(?:\[\d+\])?: \*\*\*/i,
  /^ERROR: Exception (?:Details|Primary (?:Class|Source))/,
  /^(?:SQL State|Error Code|Location|Line|Statement) *:/,
  /^Error (?:during migration run|executing):$|^Error: P\d{4}$/,
  /^\(?Background on this error at|^For more information|^Read more/i,
  /throw (?:er|err|error|new )|triggerUncaughtException|^Emitted 'error' event|^Node\.js v\d/,
  /current transaction is aborted, commands ignored/,
  /^\[SQL|^(?:query|query failed): |^Executing \(/,
  /^Failed to release migration lock$/,
];

/** After such a line the next one says what happened. */
const headings: readonly RegExp[] = [
  /^(?:rails|rake|bin\/rails) aborted!$/,
  /^Caused by:$/,
  /later migrations canceled:?$/,
  /^Error during migration run:$|^Error: P\d{4}$/,
  /^Description:$/,
  /panicked at .{1,200}:\d+:\d+:$/,
  /^\s*[A-Z]\w{1,60}(?:\\\w{1,60}){1,8}\s*$/,
];

const errors: readonly RegExp[] = [
  /(?:^|[^\w.-])(?:ERROR|Error|error|FATAL|Fatal|fatal|PANIC|panic|SEVERE|CRITICAL)(?: error)?(?:\[[^\]]{0,40}\])?\s?:/,
  /(?:^|[\s[|("])(?:ERROR|FATAL|PANIC|SEVERE|CRITICAL)(?=[\s\]|)"]|$)/,
  /\b\w{0,80}(?:Error|Exception)(?:: | \(|\)?$)/,
  /^\s*\*\* \(\w/,
  /^Exception in thread /,
  /"(?:level|severity|lvl)":\s?"?(?:error|fatal|critical|50|60)\b|\blevel=(?:error|fatal)|\[(?:error|fatal|critical)\]/i,
];

const bad =
  /\b(?:failed|failure|cannot|can't|could not|couldn't|unable to|not found|denied|refused|invalid|aborted|killed|missing|unknown|unexpected)\b/i;

const level =
  /(?:^|[\s[|(:])(?:(NOTICE|WARN|WARNING|INFO|DEBUG|TRACE)|ERROR|[Ee]rror|FATAL|[Ff]atal|SEVERE|CRITICAL|PANIC)(?=[\s\]|):]|$)/;
const quietField =
  /"(?:level|severity|lvl)":\s?"?(?:info|warn|warning|debug|notice|trace|[1-4]0)\b|\blevel=(?:info|warn|debug)|\[(?:info|warn|warning|debug|notice)\]/;

/** The tools whose logs show who wrote them, the most particular first. */
const frameworks: readonly [string, RegExp][] = [
  ['Prisma', /Prisma schema loaded|prisma migrate|pris\.ly\//],
  ['Flyway', /flyway/i],
  ['Liquibase', /liquibase/i],
  ['Alembic', /\balembic\b/],
  ['Django', /\bdjango[./]|^CommandError: /],
  ['Rails', /\b(?:rails|rake) aborted!|bin\/rails db:|ActiveRecord::|active_record/],
  ['Laravel', /Illuminate[\\/]|\bartisan\b/],
  [
    'node-pg-migrate',
    /node-pg-migrate|^could not connect to postgres: |or incomplete connection parameters are provided/,
  ],
  ['Knex', /\bknex\b|^Acquire connection error: |^migration file "[^"]{1,200}" failed/],
  ['Sequelize', /\bSequelize/],
  ['TypeORM', /\btypeorm\b|^Error during migration run:|QueryFailedError/i],
  [
    'golang-migrate',
    /golang-migrate|^error: (?:failed to open (?:database|source)|migration failed|no migration found)/,
  ],
  ['Ecto', /\(Postgrex\.Error\)|\bEcto\.|\(ecto_sql\b/],
  ['Spring', /org\.springframework|^APPLICATION FAILED TO START/],
  ['SQLAlchemy', /\bsqlalchemy\b/],
  ['mysql', /^ERROR \d{4} \(\w{5}\)/],
  ['psql', /^psql:/],
];

const anyOf = (patterns: readonly RegExp[]) => (text: string) => patterns.some((pattern) => pattern.test(text));

/** Whether the next line is the source text of a Python frame. */
export const isPythonFrame = (text: string): boolean => /^\s+File "/.test(text);
/** Whether a line only belongs to an error: a stack frame, a detail, a hint. */
export const isFrame = anyOf(frames);
/** Whether a line says that something failed but not what. */
export const isNoise = anyOf(noise);
/** Whether the line after this one names the error. */
export const isHeading = anyOf(headings);
/** Whether a line is written as an error. */
export const looksLikeError = anyOf(errors);
/** Whether a line speaks of a failure without being marked as an error. */
export const looksBad = (text: string): boolean => bad.test(text);

/** Whether the line's own level is below error. */
export function isQuiet(text: string): boolean {
  return level.exec(text)?.[1] !== undefined || quietField.test(text);
}

/** The tool that wrote this log, as far as its lines show. */
export function frameworkIn(texts: readonly string[]): string | undefined {
  return frameworks.find(([, pattern]) => texts.some((text) => pattern.test(text)))?.[0];
}
