#!/usr/bin/env bash
# Downloads the official CLI, its language hosts and the OpenStack plugin into $1/bin.
set -euo pipefail
cd "$(dirname "$0")"
source ../lib.sh
source ../download.sh

mkdir "$1/bin"
{
  read -r cli
  read -r plugin
} < <(download_urls)
download "$cli" | tar --extract --gzip --strip-components=1 --directory "$1/bin"
download "$plugin" | tar --extract --gzip --directory "$1/bin" pulumi-resource-openstack
