# shellcheck shell=bash
# Finds Go, and builds every binary with the same options. Sourced after lib.sh.

# First release of Go that can download another release of itself (GOTOOLCHAIN).
go_first_switching=1.21

go_version() { { GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || true; } | sed 's/^go//'; }

# need_go: ensures that the Go on PATH builds with GO_VERSION or later, or exits with instructions. Go 1.21 or later
# downloads GO_VERSION itself if it is older. Installs no Go, because the Go of Debian 12 is older than 1.21.
need_go() {
  PATH=$PATH:/usr/local/go/bin
  local found
  found=$(go_version)
  if at_least "${found:-0}" "$GO_VERSION"; then
    export GOTOOLCHAIN=local
  elif at_least "${found:-0}" "$go_first_switching"; then
    export GOTOOLCHAIN=go$GO_VERSION
  else
    die "Pulumi must be built on this machine, which needs Go $go_first_switching or later" \
      "(found: ${found:-none}). Install Go from https://go.dev/dl/ or, on Debian 12, golang-go" \
      "from bookworm-backports; then run 'make tools' again."
  fi
}

# go_build PACKAGE VARIABLE=VALUE BINARY: builds a static, stripped binary without paths or VCS state of this machine,
# so that the same pins give the same bytes.
go_build() {
  CGO_ENABLED=0 GOWORK=off nice go build -trimpath -buildvcs=false -mod=readonly \
    -ldflags "-s -w -X $2" -o "$3" "$1"
}
