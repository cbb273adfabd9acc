# shellcheck shell=bash disable=SC2034
# Memcached: keystone's cache, and tokens that other services have validated.

packages=(memcached)
units=(memcached)
ports=(11211)

configure() { :; }
init() { :; }
start() { launch memcached -- memcached -u memcache -l "$API" -p 11211 -U 0 -m 32; }
ready() { wait_for 10 memcached listening 11211; }
stop() { halt memcached; }
