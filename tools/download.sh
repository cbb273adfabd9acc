# shellcheck shell=bash
# Functions that download files from Pulumi's official download site. Sourced after lib.sh.

site=${PULUMI_DOWNLOAD_SITE:-https://get.pulumi.com}
checksums=${PULUMI_CHECKSUMS:-$tools_dir/pulumi-release/checksums.txt}

# Prints the URLs of the CLI with its language hosts, and of the plugin, for the architecture $MACHINE, by default the
# architecture of this machine. Fails if the site has no files for it. The site has two names for each architecture.
download_urls() {
  local x64_or_arm64 go_name
  case ${MACHINE:-$(uname -m)} in
    x86_64) x64_or_arm64=x64 go_name=amd64 ;;
    aarch64) x64_or_arm64=arm64 go_name=arm64 ;;
    *) return 1 ;;
  esac
  printf '%s/releases/%s\n' \
    "$site" "sdk/pulumi-v$PULUMI_VERSION-linux-$x64_or_arm64.tar.gz" \
    "$site" "plugins/pulumi-resource-openstack-v$OPENSTACK_PLUGIN_VERSION-linux-$go_name.tar.gz"
}

# checksum_of URL: prints the recorded SHA-256 of the file; fails if there is none.
checksum_of() {
  local checksum file
  while read -r checksum file; do
    [[ $file == "${1##*/}" ]] || continue
    printf '%s\n' "$checksum"
    return
  done <"$checksums"
  return 1
}

# Succeeds if the files can be downloaded: their checksums are recorded, and the site answers within seconds.
download_reachable() {
  local urls url
  urls=$(download_urls) || return 1
  for url in $urls; do
    if ! checksum_of "$url" >/dev/null; then
      say "not downloading, because checksums.txt has no checksum for $url"
      return 1
    fi
  done
  if ! command -v curl >/dev/null && ! apt_install curl ca-certificates; then
    say "cannot download: curl is missing; install it with: apt-get install curl ca-certificates"
    return 1
  fi
  for url in $urls; do
    curl --silent --fail --location --head --output /dev/null --connect-timeout 3 --max-time 8 \
      "$url" || return 1
  done
}

# fetch URL FILE
fetch() {
  curl --silent --show-error --fail --location --connect-timeout 10 --retry 3 --output "$2" "$1"
}

# download URL FILE: fetches the file; exits unless the file matches its recorded checksum.
download() {
  local known
  known=$(checksum_of "$1") || die "checksums.txt has no checksum for $1"
  fetch "$1" "$2"
  sha256sum --check --quiet --status - <<<"$known  $2" ||
    die "$1 does not match its recorded checksum; the file is not used"
}
