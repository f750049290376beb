// yargs' view of Node, without what this program never asks yargs for: translations, packages above the caller, config files.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { format, inspect } from 'node:util';
import cliui from 'cliui';
import Parser from 'yargs-parser';
import { getProcessArgvBin } from '../../build/lib/utils/process-argv.js';

const must = (holds, message) => {
  if (!holds) throw new Error(message ?? 'yargs was called in a way that it does not allow');
};

export default {
  assert: {
    notStrictEqual: (a, b, message) => must(!Object.is(a, b), message),
    strictEqual: (a, b, message) => must(Object.is(a, b), message),
  },
  cliui,
  findUp: () => undefined,
  getEnv: (key) => process.env[key],
  inspect,
  getProcessArgvBin,
  mainFilename: process.cwd(),
  Parser,
  path: { basename, dirname, extname, relative, resolve, join },
  process: {
    argv: () => process.argv,
    cwd: process.cwd,
    emitWarning: (warning, type) => process.emitWarning(warning, type),
    execPath: () => process.execPath,
    exit: (code) => process.exit(code),
    nextTick: process.nextTick,
    stdColumns: process.stdout.columns ?? null,
  },
  readFileSync,
  readdirSync,
  require: createRequire(import.meta.url),
  getCallerFile: () => '',
  stringWidth: (text) => text.length,
  y18n: {
    __: (text, ...values) => format(text, ...values),
    __n: (one, other, count, ...values) => {
      const text = count === 1 ? one : other;
      return text.includes('%d') ? format(text, count, ...values) : format(text, ...values);
    },
    getLocale: () => 'en',
    setLocale: () => undefined,
    updateLocale: () => undefined,
  },
};
