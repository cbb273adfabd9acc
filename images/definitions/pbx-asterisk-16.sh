# Asterisk 16: chan_sip and PJSIP. Debian 11 (bullseye) is the last release that has it.
# shellcheck shell=bash disable=SC2034
release=bullseye
element=pbx-asterisk
# diskimage-builder's own list names bullseye-backports, which is gone.
sources="default:deb @ARCHIVE@ bullseye main
security:deb @SECURITY@ bullseye-security main"
# Named by its version, as linux-image-cloud-amd64 points to a file that the mirrors no longer have.
kernel=linux-image-5.10.0-46-cloud-amd64
