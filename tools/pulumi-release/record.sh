#!/usr/bin/env bash
# Writes the checksums of the versions in pins.env to checksums.txt, for all architectures. For maintainers: compare
# the lines with the checksums that Pulumi publishes with each release, then commit them.
set -euo pipefail
cd "$(dirname "$0")"
source ../lib.sh
source ../download.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
{
  sed '/^#/!d' checksums.txt
  for machine in x86_64 aarch64; do
    for url in $(MACHINE=$machine download_urls); do
      fetch "$url" "$work/${url##*/}"
      (cd "$work" && sha256sum "${url##*/}")
    done
  done
} >"$work/checksums.txt"
cp "$work/checksums.txt" checksums.txt
