import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diagnoseLog, logCatalogue } from '../../src/diagnosis/application.ts';
import { picks } from './picks.ts';
import { texts } from './texts.ts';

const logs = new URL('logs/', import.meta.url);
const logOf = (name: string) => readFileSync(new URL(`${name}.txt`, logs), 'utf8').split('\n');
/** Enough ordinary lines that what stands before them is another story. */
const quietTime = Array.from({ length: 12 }, (_, index) => `processed batch ${index}`);
const picked = (...lines: string[]) => diagnoseLog(lines)?.line;

describe('logs of real tools', () => {
  test.each(picks)('%s: the line that a person would have picked', (name, line, code, framework) => {
    const lines = logOf(name);
    const finding = diagnoseLog(lines);
    expect(finding?.line).toContain(line);
    expect(finding).toMatchObject({ line: lines[finding?.index ?? -1], code });
    expect(finding?.framework).toBe(framework);
  });

  test('every log that is kept has a pick', () => {
    expect(readdirSync(logs).sort()).toEqual(picks.map(([name]) => `${name}.txt`).sort());
  });
});

describe('texts that other drivers, versions and runtimes give', () => {
  test.each(texts)('%s: %s', (code, text) => {
    expect(diagnoseLog(['starting', text])).toMatchObject({ line: text, index: 1, code });
  });

  test('no row of the catalogue is without a true text', () => {
    const known = [...picks.map(([name]) => diagnoseLog(logOf(name))?.line ?? ''), ...texts.map(([, text]) => text)];
    const hit = new Set(known.map((text) => logCatalogue.find(({ pattern }) => pattern.test(text))));
    expect(logCatalogue.filter((row) => !hit.has(row)).map(({ code, pattern }) => `${code} ${pattern.source}`)).toEqual(
      [],
    );
  });

  test('cause and fix are sentences', () => {
    for (const { cause, fix } of logCatalogue) expect(`${cause}\n${fix}`).toMatch(/^[A-Z].*\.\n[A-Z].*[.)]$/);
  });
});

describe('which line is picked', () => {
  const refused = 'Error: connect ECONNREFUSED 10.0.0.5:5432';
  const exists = 'ERROR: relation "users" already exists';
  const unknown = 'Error: ledger does not balance';
  const rows: [rule: string, lines: string[], line: string][] = [
    ['after retries, what came of the last one', [refused, refused, 'connected', exists], exists],
    ['a known error of an earlier story does not hide the end', [exists, ...quietTime, unknown], unknown],
    ['a known cause wins over the wrapper around it', [exists, 'Error: migration 7 failed'], exists],
    ['what breaks off afterwards is not the cause', [exists, 'Error: Connection terminated unexpectedly'], exists],
    [
      'a lock that is known to a tool wins over the database’s own words',
      [
        'Error: P1002',
        'The database server at `db:5432` was reached but timed out.',
        'Context: Timed out trying to acquire a postgres advisory lock (SELECT pg_advisory_lock(1)).',
      ],
      'Context: Timed out trying to acquire a postgres advisory lock (SELECT pg_advisory_lock(1)).',
    ],
    ['notices are no errors', [unknown, 'NOTICE:  relation "users" already exists, skipping'], unknown],
    ['nor are warnings', [unknown, '[warn] connect ECONNREFUSED 10.0.0.9:8126 (tracing)'], unknown],
    [
      'a warning is better than nothing',
      ['WARN  HikariPool-1 - Connection to db:5432 refused', 'bye'],
      'WARN  HikariPool-1 - Connection to db:5432 refused',
    ],
    [
      'npm’s epilogue is noise',
      [unknown, 'npm ERR! code ELIFECYCLE', 'npm ERR! errno 1', 'npm ERR! Exit status 1'],
      unknown,
    ],
    ['so is make’s', [unknown, 'make: *** [Makefile:3: migrate] Error 1'], unknown],
    ['so is what a shell says of its child', [unknown, 'migration exited with code 1'], unknown],
    [
      'colours are looked through, and kept in the quotation',
      ['\u001b[31merror:\u001b[0m ledger does not balance', 'done'],
      '\u001b[31merror:\u001b[0m ledger does not balance',
    ],
    [
      'JSON by its level',
      [
        '{"level":30,"msg":"could not be simpler"}',
        '{"level":50,"msg":"ledger does not balance"}',
        '{"level":30,"msg":"bye"}',
      ],
      '{"level":50,"msg":"ledger does not balance"}',
    ],
    [
      'Go: the panic, not its goroutines',
      [
        'panic: ledger does not balance',
        '',
        'goroutine 1 [running]:',
        'main.main()',
        '\t/app/main.go:3 +0x25',
        'exit status 2',
      ],
      'panic: ledger does not balance',
    ],
    [
      'Rust: the line after the place',
      [
        "thread 'main' panicked at src/main.rs:2:5:",
        'ledger does not balance',
        'note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace',
      ],
      'ledger does not balance',
    ],
    [
      'Python: the cause, not its direct consequence',
      [
        'ValueError: ledger does not balance',
        '',
        'The above exception was the direct cause of the following exception:',
        '',
        'Traceback (most recent call last):',
        '  File "m.py", line 1, in <module>',
        '    fail("error: ledger")',
        'RuntimeError: migration failed',
      ],
      'ValueError: ledger does not balance',
    ],
    [
      'Ruby: an error that nobody rescued stands in its first frame',
      [
        "/app/m.rb:3:in `check': ledger does not balance (RuntimeError)",
        "\tfrom /app/m.rb:9:in `block in <main>'",
        "\tfrom /app/m.rb:3:in `<main>'",
      ],
      "/app/m.rb:3:in `check': ledger does not balance (RuntimeError)",
    ],
    [
      'Spring: what its own report describes',
      [
        'APPLICATION FAILED TO START',
        '',
        'Description:',
        '',
        "Failed to configure a DataSource: 'url' attribute is not specified.",
        '',
        'Reason: Failed to determine a suitable driver class',
        '',
        'Action:',
        '',
        'Consider the following:',
      ],
      "Failed to configure a DataSource: 'url' attribute is not specified.",
    ],
    [
      '.NET: the exception, not its properties',
      [
        'Unhandled exception. Npgsql.PostgresException (0x80004005): 42P07: relation "users" already exists',
        '   at Program.Main()',
        '  Exception data:',
        '    MessageText: relation "users" already exists',
      ],
      'Unhandled exception. Npgsql.PostgresException (0x80004005): 42P07: relation "users" already exists',
    ],
    [
      'psql goes on after an error: the first one brought on the others',
      ['psql:m.sql:3: ERROR:  relation "a" does not exist', 'psql:m.sql:4: ERROR:  relation "b" does not exist'],
      'psql:m.sql:3: ERROR:  relation "a" does not exist',
    ],
    [
      'an epilogue does not win over words of failure',
      ['giving up: ledger cannot be balanced', 'error Command failed with exit code 1.'],
      'giving up: ledger cannot be balanced',
    ],
    [
      'nor does what is only information',
      ['giving up: ledger cannot be balanced', '[info] error: none, failed: 0'],
      'giving up: ledger cannot be balanced',
    ],
    [
      'a long Go trace is one story',
      [
        `panic: pq: ${exists.slice(7)}`,
        '',
        'goroutine 1 [running]:',
        ...Array.from({ length: 12 }, () => ['main.run(0x1, 0x2)', '\t/app/main.go:3 +0x25']).flat(),
        'error: migrate died',
      ],
      `panic: pq: ${exists.slice(7)}`,
    ],
    [
      'words of failure without a mark',
      ['migrating', 'giving up: ledger cannot be balanced', 'bye'],
      'giving up: ledger cannot be balanced',
    ],
  ];
  test.each(rows)('%s', (_, lines, line) => expect(picked(...lines)).toBe(line));

  test.each([
    ['an empty log', []],
    ['colours alone', ['', '  ', '\u001b[0m']],
    ['the last line of a log that tells of no error', ['== 20260105 CreateUsers: migrated (0.0132s) ==', '']],
    ['frames alone', ["\tfrom /app/m.rb:3:in `<main>'"]],
    ['noise alone', ['rake aborted!', '']],
  ])('%s is no reason', (_, lines) => expect(diagnoseLog(lines)).toBeUndefined());

  test('of a long log the end counts, and the index is that of the whole', () => {
    const lines = [...Array.from({ length: 20_000 }, () => 'working'), exists];
    expect(diagnoseLog(lines)).toMatchObject({ index: 20_000, code: 'RELATION_EXISTS' });
  });
});

describe('hostile logs', () => {
  // A pattern that may begin anywhere in a long word takes the square of its length; only the bounded prefix keeps that small.
  test.each([
    'x',
    ' ',
    'A_',
    'relation "',
    'Error ',
    'column a does not ',
    'a:1:',
    'function a(',
    'environment variable ',
    '\u001b[1;1',
    ' was: ',
  ])('repeating %j takes no longer than its length', (part) => {
    const line = part.repeat(200_000 / part.length);
    const started = performance.now();
    diagnoseLog(Array.from({ length: 2_000 }, () => line));
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  test('any text gives one of its own lines, or nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (lines) => {
        const finding = diagnoseLog(lines);
        return finding === undefined || lines[finding.index] === finding.line;
      }),
    );
  });
});
