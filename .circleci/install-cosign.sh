#!/usr/bin/env bash
# VERSION SHA256: puts this cosign on the PATH, and none but the one with this checksum.
set -euo pipefail

file="$(mktemp)"
curl --fail --silent --show-error --location --output "$file" "https://github.com/sigstore/cosign/releases/download/$1/cosign-linux-amd64"
sha256sum --check <<<"$2  $file"
sudo install "$file" /usr/local/bin/cosign
