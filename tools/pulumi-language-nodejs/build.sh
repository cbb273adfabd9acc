#!/usr/bin/env bash
# Builds the language host, which runs Node.js programs for the Pulumi CLI, into $1/bin.
set -euo pipefail
cd "$(dirname "$0")"
source ../lib.sh
source ../go.sh

go_build github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs \
  "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$LANGUAGE_NODEJS_VERSION" \
  "$1/bin/pulumi-language-nodejs"
