#!/usr/bin/env bash
# Builds the OpenStack resource plugin, with its schema embedded, into $1/plugins.
set -euo pipefail
cd "$(dirname "$0")"
source ../lib.sh
source ../go.sh

# Builds in a copy, so that generated files do not appear in the Git clone.
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
