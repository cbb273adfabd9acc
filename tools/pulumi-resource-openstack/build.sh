#!/usr/bin/env bash
# Builds the OpenStack resource plugin into $1/plugins, its schema embedded.
set -euo pipefail
cd "$(dirname "$0")"
source ../lib.sh
source ../go.sh

# The schema is generated, so it is written to a copy: the clone stays as it is.
sources=$1/sources
mkdir "$sources"
cp -R go.mod go.sum main.go provider schema "$sources"
cd "$sources"
version=trunkline/tools/pulumi-resource-openstack/provider.Version=$OPENSTACK_PLUGIN_VERSION
go_build ./schema "$version" ./generate-schema
./generate-schema >schema.json
go_build . "$version" \
  "$1/plugins/resource-openstack-v$OPENSTACK_PLUGIN_VERSION/pulumi-resource-openstack"
rm -r "$sources"
