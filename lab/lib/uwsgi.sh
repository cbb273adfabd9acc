# shellcheck shell=bash disable=SC2034
# Command that serves keystone and placement, which are WSGI applications without a server. Sourced, never run.

# "Connection: close", since uwsgi's own HTTP socket does not keep connections open, and python-requests would try
# to reuse them.
UWSGI=(uwsgi --plugin python3 --master --enable-threads --die-on-term --need-app --thunder-lock
  --buffer-size 65535 --add-header "Connection: close" --disable-logging)
