# shellcheck shell=bash disable=SC2034
# How keystone and placement, which are WSGI applications without a server, are served. Sourced.

# Connection: close, since uwsgi's own HTTP socket does not keep connections and python-requests
# would try to use them again.
UWSGI=(uwsgi --plugin python3 --master --enable-threads --die-on-term --need-app --thunder-lock
  --buffer-size 65535 --add-header "Connection: close" --disable-logging)
