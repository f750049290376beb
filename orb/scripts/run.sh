#!/usr/bin/env bash
# Starts the program in this shell's place, so that signals reach it. Its options are in the environment.
set -euo pipefail

complain() {
  printf 'Error: %s\n  Why: %s\n  Fix: %s\n' "$1" "$2" "$3" >&2
  exit 2
}

# A machine that many jobs use may still have the records of another one, which are not this job's to hand on.
own="$HOME/.migrate-deploy-job"
if [ -d "$own" ] && [ "$(cat "$own/job" 2>/dev/null)" != "${CIRCLE_WORKFLOW_JOB_ID:-}" ]; then
  rm -rf "$own"
fi
mkdir -p "$own"
printf '%s' "${CIRCLE_WORKFLOW_JOB_ID:-}" >"$own/job"

if [ -n "${ORB_CLI_PATH:-}" ]; then
  if [ -f "$ORB_CLI_PATH" ]; then
    exec node "$ORB_CLI_PATH" "$ORB_SUBCOMMAND"
  fi
  if command -v -- "$ORB_CLI_PATH" >/dev/null; then
    exec "$ORB_CLI_PATH" "$ORB_SUBCOMMAND"
  fi
  complain "cli_path leads nowhere: $ORB_CLI_PATH" 'It is neither a file nor a program on the PATH.' \
    'Correct cli_path, or leave it out to use the program of the orb.'
fi

program="${TMPDIR:-/tmp}/migrate-deploy-$(id -u)/$ORB_PROGRAM.mjs"
if [ ! -f "$program" ] || [ ! -O "$program" ]; then
  complain 'The program of the orb is not in place.' "There is no file $program of this user." \
    'Call the install command of the orb before this step, or leave install at true.'
fi
exec node "$program" "$ORB_SUBCOMMAND"
