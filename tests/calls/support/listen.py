"""Listens on ports of this host until the program is killed.

usage: listen.py PROTOCOL:PORT...

Prints "ready" when all ports are open. Then prints, for each packet or connection, the argument of the port that it
reached.
"""
import selectors
import socket
import sys

selector = selectors.DefaultSelector()
for argument in sys.argv[1:]:
    protocol, port = argument.split(":")
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    here = socket.socket(socket.AF_INET, kind)
    here.bind(("", int(port)))
    if protocol == "tcp":
        here.listen()
    selector.register(here, selectors.EVENT_READ, argument)
print("ready", flush=True)

while True:
    for key, _ in selector.select():
        if key.data.startswith("tcp"):
            key.fileobj.accept()[0].close()
        else:
            key.fileobj.recvfrom(65535)
        print(key.data, flush=True)
