import type { LogPattern } from './application.ts';

const modules =
  'Check that the image installs it (not only for development), that the lock file is committed, and the working directory.';
const memory = 'Raise the memory of the task or of the container, or do the work in smaller steps.';

const variable = {
  code: 'VARIABLE_MISSING',
  cause: 'An environment variable (or setting) that the program needs is not set.',
  fix: 'Add it to environment or secrets of the container in the task definition, or to the overrides of this run.',
};

/** What runtimes and shells say when a program lacks something; see test/diagnosis/logs. */
export const runtimePatterns: readonly LogPattern[] = [
  {
    pattern:
      /heap out of memory|OutOfMemoryError|\bMemoryError\b|NoMemoryError|fatal error: runtime: out of memory|Allowed memory size of \d+ bytes exhausted|cannot allocate memory|std::bad_alloc|failed to allocate memory|\bOOMKilled\b/i,
    code: 'OUT_OF_MEMORY',
    cause: 'The program ran out of memory.',
    fix: `${memory} A limit of the runtime itself (--max-old-space-size, -Xmx, memory_limit) may be lower than that of the container.`,
  },
  {
    pattern: /(?:^|\d\s+)Killed(?:\s|$)|signal: killed|SIGKILL/,
    sign: true,
    code: 'KILLED',
    cause: 'The program was killed, most often because memory ran out.',
    fix: memory,
  },
  {
    pattern: /No space left on device|ENOSPC/i,
    code: 'DISK_FULL',
    cause: 'The disk of the task is full.',
    fix: 'Raise ephemeralStorage in the task definition, or write less.',
  },
  {
    pattern:
      /exec(?:ve)?(?:\(\))? .{0,200}exec format error|Exec format error|rosetta error|qemu-\w{1,20}: Could not open/i,
    code: 'WRONG_ARCHITECTURE',
    cause: 'The program is built for another processor than the one of the task.',
    fix: 'Build for it (docker build --platform linux/amd64 or linux/arm64), or set runtimePlatform.cpuArchitecture in the task definition.',
  },
  {
    pattern:
      /key not found: "[A-Z][A-Z0-9_]{1,100}"|KeyError: '[A-Z][A-Z0-9_]{1,100}'|\b[A-Z][A-Z0-9_]{1,100}: (?:unbound variable|parameter (?:null or )?not set)|Could not resolve placeholder '|System\.fetch_env!|could not fetch environment variable/,
    ...variable,
  },
  {
    pattern:
      /env(?:ironment)?[ _]var(?:iable)?s?\b.{0,100}(?:not set|not found|not defined|missing|required|is empty)|(?:missing|required|undefined|set the \w{1,100}) (?:required )?environment variable|DATABASE_URL (?:is )?(?:not set|missing|required|undefined|must be)/i,
    ...variable,
  },
  {
    pattern:
      /Cannot find (?:module|package) '|ERR_MODULE_NOT_FOUND|ModuleNotFoundError|No module named|ImportError: |cannot load such file|Bundler::GemNotFound|Could not find (?:gem )?\S{1,100} in (?:any of the sources|locally installed gems)|Gem::(?:MissingSpec|LoadError)|bundler: command not found|ClassNotFoundException|NoClassDefFoundError|Failed opening required '|Class "[^"]{1,200}" not found/,
    code: 'MODULE_MISSING',
    cause: 'The program needs a library or a module that the image does not hold.',
    fix: modules,
  },
  {
    pattern:
      /Missing script:? |Command "[^"]{1,100}" not (?:found|defined)|Unknown command:? '|Don't know how to build task '|The task "[^"]{1,100}" could not be found/i,
    code: 'TASK_UNKNOWN',
    cause: 'The tool runs, but knows no task or script of that name.',
    fix: 'Check the command of the container; check that the image holds the commit with that task.',
  },
  {
    pattern:
      /error while loading shared libraries|version `GLIBC\w{0,4}_[\d.]{1,10}' not found|Error loading shared library/,
    code: 'SYSTEM_LIBRARY_MISSING',
    cause: 'A system library that the program needs is missing in the image, or too old.',
    fix: 'Install it in the final stage of the Dockerfile; build and run on the same base image.',
  },
  {
    pattern:
      /^(?:\/?[\w./-]{1,60}: )?(?:line )?(?:\d+: )?[\w./-]{1,200}: (?:command )?not found$|command not found|executable file not found|spawn \S{1,200} ENOENT|exec: "?[^":]{1,200}"?: (?:stat|not found|no such)|env: .{1,200}: No such file or directory|^exec \S{1,200}: no such file or directory/,
    code: 'COMMAND_NOT_FOUND',
    cause: 'A command is not in the image or not in PATH.',
    fix: 'Check its spelling, PATH, and that the final stage of the Dockerfile installs it; a script with CRLF line ends shows the same.',
  },
  {
    pattern:
      /No such file or directory|ENOENT|FileNotFoundError|NoSuchFileException|FileNotFoundException|failed to open source, "file:/i,
    code: 'FILE_MISSING',
    cause: 'A file or folder that the program opens is not in the image.',
    fix: 'Check the path, the working directory (WORKDIR), COPY in the Dockerfile, and .dockerignore.',
  },
  {
    pattern:
      /EACCES|EPERM: |[Pp]ermission denied|AccessDeniedException: \/|Operation not permitted|Read-only file system|EROFS/,
    code: 'FILE_DENIED',
    cause: 'The user of the container has no permission to read, write or execute a file.',
    fix: 'Correct owner and mode in the Dockerfile (chown, chmod +x), or USER; with readonlyRootFilesystem write to a volume.',
  },
  {
    pattern: /EADDRINUSE|[Aa]ddress already in use/,
    code: 'PORT_IN_USE',
    cause: 'Another program of the task listens on that port already.',
    fix: 'Give the containers of the task different ports, or start the program once.',
  },
  {
    pattern:
      /is not authorized to perform: |AccessDeniedException|ExpiredToken|Unable to locate credentials|Could not load credentials/,
    code: 'AWS_DENIED',
    cause: 'AWS refused a request of the program, or it has no credentials.',
    fix: 'Give the task role (taskRoleArn, not the execution role) the action that the line names.',
  },
];
