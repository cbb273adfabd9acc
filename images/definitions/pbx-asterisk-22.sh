# Asterisk 22 LTS: PJSIP only. Debian 14 (forky, testing) has the same package as sid, but without packages that
# have not yet migrated to testing. bookworm and trixie have no Asterisk.
# shellcheck shell=bash disable=SC2034
release=forky
element=pbx-asterisk
# The Release file of Debian testing expires a week after its date, and mirrors may lag behind.
sources="default:deb [check-valid-until=no] @ARCHIVE@ forky main"
