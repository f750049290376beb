#!/bin/sh
# Makes a builder that can build for platforms other than the engine's own, and has the next steps use it.
set -eu

if [ -n "$ORB_BINFMT_VERSION" ]; then
  docker run --privileged --rm "tonistiigi/binfmt:$ORB_BINFMT_VERSION" --install all
fi
name="migrate-deploy-$$"
# A builder takes no address with certificates, as a remote engine has one, but from a context.
docker context create "$name"
docker buildx create --name "$name" --driver docker-container --bootstrap "$name"
printf 'export BUILDX_BUILDER=%s\n' "$name" >>"$BASH_ENV"
