#!/usr/bin/env bash
# Builds the Pulumi CLI from its Go module into $1/bin.
set -euo pipefail
cd "$(dirname "$0")"
source ../lib.sh
source ../go.sh

go_build github.com/pulumi/pulumi/pkg/v3/cmd/pulumi \
  "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$PULUMI_VERSION" "$1/bin/pulumi"
