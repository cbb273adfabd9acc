# shellcheck shell=bash disable=SC2034
# Command that serves keystone and placement, which are WSGI applications without an HTTP server. Sourced, never run.

# uwsgi's HTTP socket does not keep connections open. "Connection: close" tells this to clients; otherwise
# python-requests would try to reuse a closed connection.
UWSGI=(uwsgi --plugin python3 --master --enable-threads --die-on-term --need-app --thunder-lock
  --buffer-size 65535 --add-header "Connection: close" --disable-logging)
