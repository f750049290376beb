#!/bin/sh
# Unpacks the program that this orb carries: once per job, for this user alone, and only if its sha256 is right.
set -eu
umask 077

complain() {
  printf 'Error: %s\n  Why: %s\n  Fix: %s\n' "$1" "$2" "$3" >&2
  exit 2
}

if ! command -v node >/dev/null 2>&1; then
  complain 'There is no Node.js in this job.' 'No node was found on the PATH.' \
    'Use an image with Node.js 20.19 or newer, such as cimg/node:lts, or install Node.js in an earlier step.'
fi

folder="${TMPDIR:-/tmp}/migrate-deploy-$(id -u)"
if ! why=$(mkdir -p "$folder" 2>&1); then
  complain 'There is no folder for the program.' "$why" 'Set TMPDIR to a folder that this job may write to.'
fi
if [ -L "$folder" ] || [ ! -O "$folder" ]; then
  complain "The folder $folder cannot be trusted." 'It is a link, or it belongs to another user.' 'Remove it, or set TMPDIR to a folder of your own.'
fi
if ! why=$(chmod 0700 "$folder" 2>&1); then
  complain "The folder $folder cannot be used." "$why" 'Set TMPDIR to a folder that this job may write to.'
fi

exec node -e "$ORB_INSTALL" "$folder/$ORB_PROGRAM.cjs"
