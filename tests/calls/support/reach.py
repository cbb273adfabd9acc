"""Prints for each address whether this host can send to the address.

usage: reach.py PROTOCOL:ADDRESS:PORT[:OWN_PORT]...

Prints a line for each argument: "sent" if a UDP datagram was sent, "connected" if a TCP connection was opened,
"no answer" after a timeout, or the name of the error. The payload of a datagram is its argument.
"""
import errno
import socket
import sys

# Timeout of a connection, in seconds.
DEADLINE = 2


def reach(argument):
    protocol, address, port, *own = argument.split(":")
    kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET, kind) as here:
        here.settimeout(DEADLINE)
        if own:
            here.bind(("", int(own[0])))
        try:
            here.connect((address, int(port)))
            if protocol == "tcp":
                return "connected"
            here.send(argument.encode())
            return "sent"
        except socket.timeout:
            return "no answer"
        except OSError as error:
            return errno.errorcode[error.errno]


for word in sys.argv[1:]:
    print(reach(word))
