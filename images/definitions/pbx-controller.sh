# HAProxy 3.0 LTS on Debian 13 (trixie), whose cloud-init runs all its stages in one process.
# shellcheck shell=bash disable=SC2034
release=trixie
element=pbx-controller
sources="default:deb http://deb.debian.org/debian trixie main
updates:deb http://deb.debian.org/debian trixie-updates main
security:deb http://deb.debian.org/debian-security trixie-security main"
