#!/usr/bin/env bash
# Signs each file of the release without a key, as CircleCI documents it (CircleCI-Public/sign-and-publish-examples, cosign/):
# cosign exchanges the job's OIDC token for a certificate of minutes that names this project's pipeline definition.
set -euo pipefail

for file in dist/release/*; do
  SIGSTORE_ID_TOKEN="$(circleci run oidc get --claims '{"aud": "sigstore"}' --root-issuer)"
  export SIGSTORE_ID_TOKEN
  cosign sign-blob "$file" --yes --bundle "$file.sigstore.json" --use-signing-config=false \
    --oidc-issuer https://oidc.circleci.com --fulcio-url https://fulcio.sigstore.dev --rekor-url https://rekor.sigstore.dev
done
