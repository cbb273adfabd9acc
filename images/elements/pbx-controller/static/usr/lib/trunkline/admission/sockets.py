"""Lists and closes the controller's TCP connections with zones, in the kernel (sock_diag(7)).

The kernel has the connections of all HAProxy workers, and closes a connection by its addresses and ports. HAProxy
itself would have to list all of its sessions to find a connection. Closing a connection needs CAP_NET_ADMIN.
"""
import socket
import struct

SIP_PORT = 5060
# Seconds to wait for the kernel.
TIMEOUT = 2.0

# <linux/netlink.h>, <linux/sock_diag.h>, <linux/inet_diag.h>, <linux/tcp.h>
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY, SOCK_DESTROY = 20, 21
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 0x01, 0x04, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
ESTABLISHED = 1 << 1
INET_DIAG_INFO = 2
NO_COOKIE = b"\xff" * 8

HEADER = struct.Struct("=IHHII")
# sdiag_family, sdiag_protocol, idiag_ext, pad, idiag_states
REQUEST = struct.Struct("=BBBBI")
# idiag_sport, idiag_dport, idiag_src, idiag_dst, idiag_if, idiag_cookie
SOCKET_ID = struct.Struct("!HH16s16sI8s")
# Before the id: idiag_family, idiag_state, idiag_timer, idiag_retrans. Between the id and the attributes:
# idiag_expires, idiag_rqueue, idiag_wqueue, idiag_uid, idiag_inode.
ID_OFFSET = HEADER.size + 4
ATTRIBUTES_OFFSET = ID_OFFSET + SOCKET_ID.size + 20
# nla_len, nla_type
ATTRIBUTE = struct.Struct("=HH")
# tcpi_bytes_acked, in struct tcp_info
BYTES_ACKED, BYTES_ACKED_OFFSET = struct.Struct("=Q"), 120


def padded(address):
    return socket.inet_aton(address).ljust(16, b"\0")


def address_towards(address):
    """Returns the local address of connections to `address`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((address, SIP_PORT))
        return probe.getsockname()[0]


def bytes_sent(answer, start, end):
    """Returns the bytes that the peer has acknowledged, from the kernel's message about a socket; 0 if unknown."""
    offset = start + ATTRIBUTES_OFFSET
    while offset + ATTRIBUTE.size <= end:
        length, kind = ATTRIBUTE.unpack_from(answer, offset)
        if kind == INET_DIAG_INFO:
            return BYTES_ACKED.unpack_from(answer, offset + ATTRIBUTE.size + BYTES_ACKED_OFFSET)[0]
        offset += max(ATTRIBUTE.size, (length + 3) & ~3)
    return 0


class Sockets:
    def __init__(self):
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_SOCK_DIAG)
        # The kernel answers while it handles the request, so the timeout normally has no effect.
        self.netlink.settimeout(TIMEOUT)

    def close(self):
        self.netlink.close()

    def _send(self, kind, flags, socket_id):
        information = 1 << (INET_DIAG_INFO - 1)
        request = REQUEST.pack(socket.AF_INET, socket.IPPROTO_TCP, information, 0, ESTABLISHED) + socket_id
        self.netlink.send(HEADER.pack(HEADER.size + len(request), kind, NLM_F_REQUEST | flags, 0, 0) + request)

    def established(self):
        """Returns the bytes sent to the zone on each connection, by (address of the zone, local port)."""
        anything = SOCKET_ID.pack(0, SIP_PORT, bytes(16), bytes(16), 0, NO_COOKIE)
        self._send(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, anything)
        found = {}
        while True:
            answer, offset = self.netlink.recv(1 << 18), 0
            while offset < len(answer):
                length, kind, *_ = HEADER.unpack_from(answer, offset)
                if kind == NLMSG_DONE:
                    return found
                if kind == NLMSG_ERROR:
                    raise OSError(-struct.unpack_from("=i", answer, offset + HEADER.size)[0], "sock_diag failed")
                port, _, _, zone, _, _ = SOCKET_ID.unpack_from(answer, offset + ID_OFFSET)
                found[socket.inet_ntoa(zone[:4]), port] = bytes_sent(answer, offset, offset + length)
                offset += (length + 3) & ~3

    def shut(self, zone, port):
        """Closes the connection from `port` to the address `zone`. Returns whether the connection existed."""
        local = padded(address_towards(zone))
        self._send(SOCK_DESTROY, NLM_F_ACK, SOCKET_ID.pack(port, SIP_PORT, local, padded(zone), 0, NO_COOKIE))
        answer = self.netlink.recv(1 << 16)
        error = -struct.unpack_from("=i", answer, HEADER.size)[0]
        if error not in (0, 2):  # ENOENT
            raise OSError(error, "sock_diag could not close a connection")
        return error == 0
