#!/usr/bin/env bash
# Publishes the npm package with a token of minutes instead of a stored one (npm's trusted publishing; needs npm 11.5.1, Node
# 22.14, and one version that was published by hand before). npm makes no provenance attestation for CircleCI.
set -euo pipefail

NPM_ID_TOKEN="$(circleci run oidc get --claims '{"aud": "npm:registry.npmjs.org"}')"
export NPM_ID_TOKEN
npm publish --access public
