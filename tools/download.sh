# shellcheck shell=bash
# Pulumi's official download site. Sourced after lib.sh.

site=${PULUMI_DOWNLOAD_SITE:-https://get.pulumi.com}

# The CLI with its language hosts, and the plugin; the site has two names for one architecture.
download_urls() {
  local x64_or_arm64 go_name
  case $(uname -m) in
    x86_64) x64_or_arm64=x64 go_name=amd64 ;;
    aarch64) x64_or_arm64=arm64 go_name=arm64 ;;
    *) return 1 ;;
  esac
  printf '%s/releases/%s\n' \
    "$site" "sdk/pulumi-v$PULUMI_VERSION-linux-$x64_or_arm64.tar.gz" \
    "$site" "plugins/pulumi-resource-openstack-v$OPENSTACK_PLUGIN_VERSION-linux-$go_name.tar.gz"
}

# The site is asked for a few seconds only: where it is out of reach, building is the way.
download_reachable() {
  local urls url
  urls=$(download_urls) || return 1
  if ! command -v curl >/dev/null && ! apt_install curl ca-certificates; then
    say "curl is missing, and without it nothing can be downloaded: apt-get install curl ca-certificates"
    return 1
  fi
  for url in $urls; do
    curl --silent --fail --location --head --output /dev/null --connect-timeout 3 --max-time 8 \
      "$url" || return 1
  done
}

download() {
  curl --silent --show-error --fail --location --connect-timeout 10 --retry 3 "$1"
}
