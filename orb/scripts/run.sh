#!/bin/sh
# Starts the program in this shell's place, so that signals reach it. Its options are in the environment.
set -eu

complain() {
  printf 'Error: %s\n  Why: %s\n  Fix: %s\n' "$1" "$2" "$3" >&2
  exit 2
}

[ -n "${HOME:-}" ] || complain 'HOME is not set in this job.' 'The records of its commands are kept there.' 'Set HOME to a folder of the user that runs the job.'
# A machine that many jobs use may still have the records of another one, which are not this job's to hand on.
own="$HOME/.migrate-deploy-job"
if [ -d "$own" ] && [ "$(cat "$own/job" 2>/dev/null)" != "${CIRCLE_WORKFLOW_JOB_ID:-}" ]; then
  rm -rf "$own"
fi
mkdir -p "$own"
printf '%s' "${CIRCLE_WORKFLOW_JOB_ID:-}" >"$own/job"

# A program of another version may not know what this orb asks of it. Its name may begin with the home folder; nothing else is replaced.
if [ -n "${ORB_CLI_PATH:-}" ]; then
  # shellcheck disable=SC2088 # What is written in the config is looked for, not the folder that it means.
  case "$ORB_CLI_PATH" in
    '~/'* | "\$HOME/"* | "\${HOME}/"*) ORB_CLI_PATH="$HOME/${ORB_CLI_PATH#*/}" ;;
  esac
  case "$ORB_CLI_PATH" in
    *.mjs | *.cjs | *.js) [ ! -f "$ORB_CLI_PATH" ] || set -- node "$ORB_CLI_PATH" ;;
    *)
      # A shim, such as those in node_modules/.bin, is a script of its own.
      if command -v -- "$ORB_CLI_PATH" >/dev/null; then
        set -- "$ORB_CLI_PATH"
      elif [ -f "$ORB_CLI_PATH" ]; then
        set -- node "$ORB_CLI_PATH"
      fi
      ;;
  esac
  if [ "$#" -eq 0 ]; then
    complain "cli_path leads nowhere: $ORB_CLI_PATH" 'It is neither a file nor a program on the PATH.' \
      'Correct cli_path, or leave it out to use the program of the orb.'
  fi
  version="$("$@" --version 2>/dev/null || true)"
  if [ "$version" != "${ORB_PROGRAM%-*}" ]; then
    printf 'Warning: cli_path is version %s of migrate-deploy, and this orb is made for %s: give both the same.\n' \
      "${version:-(unknown)}" "${ORB_PROGRAM%-*}" >&2
  fi
  exec "$@" "$ORB_SUBCOMMAND"
fi

program="${TMPDIR:-/tmp}/migrate-deploy-$(id -u)/$ORB_PROGRAM.cjs"
if [ ! -f "$program" ] || [ ! -O "$program" ]; then
  complain 'The program of the orb is not in place.' "There is no file $program of this user." \
    'Call the install command of the orb before this step, or leave install at true.'
fi
exec node "$program" "$ORB_SUBCOMMAND"
