# HAProxy 3.0 LTS on Debian 13 (trixie). Its cloud-init runs all stages in one process.
# shellcheck shell=bash disable=SC2034
release=trixie
element=pbx-controller
sources="default:deb @ARCHIVE@ trixie main
updates:deb @ARCHIVE@ trixie-updates main
security:deb @SECURITY@ trixie-security main"
