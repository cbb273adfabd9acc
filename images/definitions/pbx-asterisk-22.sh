# Asterisk 22 LTS: PJSIP only. Debian 14 (forky, testing) has the same package as sid, without what has
# not yet passed through testing's gate; bookworm and trixie have none.
# shellcheck shell=bash disable=SC2034
release=forky
element=pbx-asterisk
# Testing's Release file expires a week after its date, and mirrors may lag behind.
sources="default:deb [check-valid-until=no] @ARCHIVE@ forky main"
