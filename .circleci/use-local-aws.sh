#!/usr/bin/env bash
# Waits until `npm run local-aws` has printed how to reach it, and hands that to the steps after this one.
set -euo pipefail

for _ in $(seq 1 60); do
  if grep -q '^export AWS_ENDPOINT_URL=' "$1" && grep -q '^export AWS_SECRET_ACCESS_KEY=' "$1"; then
    grep '^export ' "$1" >>"$BASH_ENV"
    exit 0
  fi
  sleep 1
done
echo 'The local AWS did not start within a minute.' >&2
exit 1
