#!/usr/bin/env bash
# Downloads the official CLI with its language hosts into $1/bin, and the OpenStack plugin into $1/plugins.
set -euo pipefail
cd "$(dirname "$0")"
source ../lib.sh
source ../download.sh

plugin_dir=$1/plugins/resource-openstack-v$OPENSTACK_PLUGIN_VERSION
mkdir -p "$1/bin" "$plugin_dir"
{
  read -r cli
  read -r plugin
} < <(download_urls)
download "$cli" "$1/cli.tar.gz"
download "$plugin" "$1/plugin.tar.gz"
tar --extract --gzip --strip-components=1 --directory "$1/bin" --file "$1/cli.tar.gz"
tar --extract --gzip --directory "$plugin_dir" --file "$1/plugin.tar.gz"
rm "$1/cli.tar.gz" "$1/plugin.tar.gz"
