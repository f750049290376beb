import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TransientError, UserError } from './errors.ts';
import type { Clock, Files, Http, ProcessRunner } from './ports.ts';

/** Real time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};

/** The file system of this machine. */
export const systemFiles: Files = {
  absolute: (path) => resolve(path),
  read: (path) => readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => missing(error, path)),
  readStdin: async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks).toString('utf8');
  },
  write: async (path, text) => {
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(temporary, text, { mode: 0o600 });
      await chmod(temporary, 0o600);
      await rename(temporary, path);
    } catch (error) {
      throw notWritable(path, error as Error);
    }
  },
  append: async (path, text) => {
    await appendFile(path, text, { mode: 0o600 }).catch((error: Error) => {
      throw notWritable(path, error);
    });
  },
  list: (folder) =>
    readdir(folder, { withFileTypes: true })
      // A pipe would never end to be read.
      .then((entries) => entries.flatMap((one) => (one.isFile() || one.isSymbolicLink() ? [one.name] : [])).sort())
      .catch((error: NodeJS.ErrnoException) => missing(error, folder) ?? []),
  inPrivateFolder: async (links, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-'));
    // The second signal ends us where we stand: the registry's password goes with us.
    const remove = (): void => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    try {
      for (const [name, target] of Object.entries(links)) {
        if ((await stat(target).catch(() => undefined)) !== undefined) await symlink(target, join(folder, name));
      }
      return await use(folder);
    } finally {
      process.off('exit', remove);
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const notWritable = (path: string, error: Error): UserError =>
  new UserError(`The file ${path} cannot be written.`, {
    why: error.message,
    fix: 'Name a folder that this job may write to.',
    cause: error,
  });

function missing(error: NodeJS.ErrnoException, path: string): undefined {
  if (error.code === 'ENOENT') return undefined;
  throw new UserError(error.code === 'EISDIR' ? `${path} is a folder, not a file.` : `${path} cannot be read.`, {
    ...(error.code === undefined ? {} : { code: error.code }),
    why: error.message,
    fix: 'Check the path and its permissions.',
    cause: error,
  });
}

const chunkCharacters = 65_536;

/**
 * A stream that tells when whoever reads it is behind; an interrupt ends that wait, and so does a reader that went away.
 * What is written in one go goes out as one piece: a call of the system for each line would be most of the work.
 */
export function systemOutput(stream: NodeJS.WriteStream, interrupt: AbortSignal) {
  let drained: Promise<void> | undefined;
  let pending = '';
  const flush = (): void => {
    if (pending !== '') stream.write(pending);
    pending = '';
  };
  return {
    isTty: stream.isTTY === true,
    get columns(): number | undefined {
      return stream.columns;
    },
    get rows(): number | undefined {
      return stream.rows;
    },
    write: (text: string): void => {
      if (pending === '') queueMicrotask(flush);
      pending += text;
      if (pending.length > chunkCharacters) flush();
    },
    drained: (): Promise<void> => {
      flush();
      if (!stream.writableNeedDrain || stream.destroyed || interrupt.aborted) return Promise.resolve();
      drained ??= new Promise((resolve) => {
        const done = (): void => {
          for (const event of ['drain', 'close', 'error']) stream.off(event, done);
          interrupt.removeEventListener('abort', done);
          drained = undefined;
          resolve();
        };
        for (const event of ['drain', 'close', 'error']) stream.on(event, done);
        interrupt.addEventListener('abort', done);
      });
      return drained;
    },
  };
}

/** HTTP by Node's fetch; redirects are not followed. */
export const systemHttp: Http = async (url, { method, headers, body, timeoutMs, signal }) => {
  try {
    const answer = await fetch(url, {
      method,
      redirect: 'manual',
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal === undefined ? [] : [signal])]),
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
    });
    return { status: answer.status, headers: Object.fromEntries(answer.headers), body: await answer.text() };
  } catch (error) {
    const cause = (error as { cause?: NodeJS.ErrnoException }).cause;
    const code = cause?.code ?? (error as Error).name;
    throw new TransientError(cause?.message ?? (error as Error).message, { code, throttled: false });
  }
};

const tailBytes = 65_536;

/** Child processes without a shell. */
export const systemProcesses: ProcessRunner = {
  run: (command, args, options = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, {
        stdio: ['pipe', 'pipe', 'pipe'],
        ...(options.env === undefined ? {} : { env: options.env as NodeJS.ProcessEnv }),
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      });
      let tail = '';
      let stdout = '';
      const silence = watch(options.silence);
      const onLine = (line: string, stream: 'out' | 'err'): void => {
        silence.broken();
        options.onLine?.(line, stream);
      };
      const follow = (stream: 'out' | 'err'): ((chunk: string) => void) => {
        let rest = '';
        const source = stream === 'out' ? child.stdout : child.stderr;
        source.setEncoding('utf8');
        source.on('end', () => {
          if (rest !== '') onLine(rest, stream);
        });
        return (chunk) => {
          tail = (tail + chunk).slice(-tailBytes);
          if (stream === 'out') stdout = (stdout + chunk).slice(-1_048_576);
          const lines = (rest + chunk).split(/\r?\n/);
          rest = lines.pop() ?? '';
          for (const line of lines) onLine(line, stream);
        };
      };
      child.stdout.on('data', follow('out'));
      child.stderr.on('data', follow('err'));
      const kill = (): void => void child.kill('SIGTERM');
      options.signal?.addEventListener('abort', kill, { once: true });
      if (options.signal?.aborted === true) kill();
      child.on('error', (error: NodeJS.ErrnoException) => {
        silence.over();
        reject(
          new UserError(`${command} could not be started.`, {
            ...(error.code === undefined ? {} : { code: error.code }),
            why: error.message,
            fix: `Install ${command} in the job's image.`,
            cause: error,
          }),
        );
      });
      child.on('close', (code, signal) => {
        silence.over();
        options.signal?.removeEventListener('abort', kill);
        resolve({ code: code ?? undefined, signal: signal ?? undefined, tail, stdout });
      });
      // A program that does not read its input is not our trouble.
      child.stdin.on('error', () => undefined);
      child.stdin.end(options.input ?? '');
    }),
};

/** Counts the silence of a program; its time is the program's own, whatever clock the rest of us lives by. */
function watch(silence: { afterMs: number; tell: (silentMs: number) => void } | undefined) {
  if (silence === undefined) return { broken: () => undefined, over: () => undefined };
  const { afterMs, tell } = silence;
  let times = 0;
  const timer = setInterval(() => tell(++times * afterMs), afterMs);
  return {
    broken: () => {
      times = 0;
      timer.refresh();
    },
    over: () => clearInterval(timer),
  };
}
