# Asterisk 16: chan_sip and PJSIP. Debian 11 (bullseye) is the last release with Asterisk 16.
# shellcheck shell=bash disable=SC2034
release=bullseye
element=pbx-asterisk
# diskimage-builder's default list has bullseye-backports, which no longer exists.
sources="default:deb @ARCHIVE@ bullseye main
security:deb @SECURITY@ bullseye-security main"
# Names a version of the kernel, because linux-image-cloud-amd64 depends on a package that the mirrors no longer have.
kernel=linux-image-5.10.0-46-cloud-amd64
