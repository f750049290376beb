#!/usr/bin/env bash
# note NAME: writes down which program the orb unpacked. compare: it is the one that is packed now. tag: the tag is its version.
set -euo pipefail

case "$1" in
  note)
    mkdir -p tested
    basename "${TMPDIR:-/tmp}/migrate-deploy-$(id -u)"/*.cjs .cjs >"tested/$2"
    ;;
  compare)
    for tested in tested/*; do
      if ! diff "$tested" <(printf '%s\n' "$(cat orb/bundle/id.txt)"); then
        echo "The program that is packed now is not the one that was tested ($tested)." >&2
        exit 1
      fi
    done
    ;;
  tag)
    version="v$(node -p 'require("./package.json").version')"
    if [ "$CIRCLE_TAG" != "$version" ]; then
      echo "The tag is $CIRCLE_TAG, and package.json says $version." >&2
      exit 1
    fi
    ;;
esac
