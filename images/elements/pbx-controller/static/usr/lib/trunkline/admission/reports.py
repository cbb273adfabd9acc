"""Receives reports of log-ins from the zones: lines of JSON over TCP. Checks the fields of every line."""
import asyncio
import json

# Largest number of bytes of a line.
LONGEST = 1024
# Largest number of bytes that one read returns.
CHUNK = 1 << 16
# Seconds without data after which a zone counts as not reporting. A zone sends a line at least every five seconds.
SILENCE = 15.0

EVENTS = ("accepted", "refused", "challenged")
SERVICES = ("register", "call", "other")


def greeting_of(line):
    """Returns the name of the zone in the first line. Raises ValueError."""
    hello = json.loads(line)
    if not isinstance(hello, dict) or set(hello) != {"event", "zone"} or hello["event"] != "hello":
        raise ValueError("the first line is not a hello")
    return hello["zone"]


def report_of(line):
    """Returns (event, account, port) of a line, or None if the line is not about a log-in. Raises ValueError.

    An unknown account is empty, an unknown port is 0.
    """
    report = json.loads(line)
    if not isinstance(report, dict):
        raise ValueError("a line is not a JSON object")
    # "alive" is a keep-alive. "dropped" has the number of events that the zone has lost.
    if report == {"event": "alive"} or (report.get("event") == "dropped" and set(report) == {"event", "count"}):
        return None
    if set(report) != {"event", "account", "port", "service"}:
        raise ValueError("a line has fields other than event, account, port and service")
    event, account, port = report["event"], report["account"], report["port"]
    if event not in EVENTS or report["service"] not in SERVICES:
        raise ValueError("a line has an unknown event or service")
    if not isinstance(account, str) or type(port) is not int or not 0 <= port < 65536:
        raise ValueError("a line has an invalid account or port")
    return event, account, port


class Receiver:
    """Accepts one connection from each zone. Identifies a zone by its address."""

    def __init__(self, on_reporter, on_reports, on_fault):
        self.on_reporter, self.on_reports, self.on_fault = on_reporter, on_reports, on_fault
        # Names of zones, by address.
        self.zones = {}
        # Connections from zones, by name.
        self.writers = {}

    async def serve(self, port):
        return await asyncio.start_server(self._receive, port=port, family=2, limit=CHUNK)

    async def _receive(self, reader, writer):
        peer = writer.get_extra_info("peername")
        zone = self.zones.get(peer[0]) if peer else None
        if zone is None:
            writer.close()
            return
        try:
            batches = self._batches(reader)
            first, *lines = await anext(batches, [b""])
            if greeting_of(first) != zone:
                raise ValueError("the hello names another zone")
            if zone in self.writers:
                self.writers[zone].close()
            self.writers[zone] = writer
            self.on_reporter(zone, True)
            self._read(zone, lines)
            async for lines in batches:
                self._read(zone, lines)
        except (ValueError, RecursionError) as error:
            self.on_fault(zone, str(error))
        except (OSError, TimeoutError):
            pass  # the zone or the network is down
        finally:
            writer.close()
            if self.writers.get(zone) is writer:
                del self.writers[zone]
                self.on_reporter(zone, False)

    def _read(self, zone, lines):
        self.on_reports(zone, [report for report in map(report_of, lines) if report is not None])

    @staticmethod
    async def _batches(reader):
        """Yields lines as they arrive, one or more at a time. Raises ValueError if a line is too long."""
        rest = b""
        while True:
            async with asyncio.timeout(SILENCE):
                received = await reader.read(CHUNK)
            if not received:
                return
            *lines, rest = (rest + received).split(b"\n")
            if any(len(line) > LONGEST for line in (*lines, rest)):
                raise ValueError("a line is too long")
            if lines:
                yield lines
