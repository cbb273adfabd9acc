# Asterisk 22 LTS: PJSIP only. Debian 14 (forky, testing) has the Asterisk of unstable, after the package has passed the
# checks for testing. bookworm and trixie have no Asterisk.
# shellcheck shell=bash disable=SC2034
release=forky
element=pbx-asterisk
# The Release file of Debian testing expires a week after its date, and mirrors may lag behind.
sources="default:deb [check-valid-until=no] @ARCHIVE@ forky main"
