"""Speaks with the running HAProxy through its master's socket, and reads its records of connections."""
import asyncio
import os
import re

# Seconds that HAProxy may take to answer.
PATIENCE = 5.0
# Lines of a map in one order: HAProxy reads an order into a buffer of 16 KiB.
LINES = 200

# An RFC 5424 record of haproxy.cfg's `log-format-sd`. A connection that reached no zone has another zone name.
RECORD = re.compile(
    rb'\[connection@0 source="([0-9.]{7,15})" sourcePort="([0-9]{1,5})" zone="([a-z0-9]{1,32})"'
    rb' zonePort="([0-9]{1,5})" account="([0-9]{1,32}|-)"\]'
)
SESSION = re.compile(r"^0x[0-9a-f]+: .* proto=tcpv4 source=([0-9.]+):([0-9]+)$")
SERVER = re.compile(r"^ +server=([a-z0-9]+) .*addr=[0-9.]+:[0-9]+")
SERVER_SOURCE = re.compile(r"^ +backend=nodes .*addr=[0-9.]+:([0-9]+)$")

# Columns of `show servers state`, and what stands in them (HAProxy's Management Guide, 9.3).
NAME, OPERATIONAL, ADMINISTRATIVE = 3, 5, 6
STOPPED = "0"
MAINTENANCE = 0x01 | 0x02 | 0x20


class Unavailable(Exception):
    """HAProxy does not answer."""


def connection_of(record):
    """Returns (source, source port, zone, zone port, account or None) of a record, or None."""
    found = RECORD.search(record)
    if found is None:
        return None
    source, source_port, zone, port, account = (value.decode() for value in found.groups())
    return source, int(source_port), zone, int(port), None if account == "-" else account


def workers_of(processes):
    """Returns the process ids of the current worker, or None, and of those of before a reload."""
    current, former, is_former = None, [], False
    for line in processes.splitlines():
        words = line.split()
        if line.startswith("# old workers"):
            is_former = True
        elif len(words) > 1 and words[1] == "worker":
            if is_former:
                former.append(words[0])
            else:
                current = words[0]
    return current, former


def dead_zones_of(states):
    """Returns the zones whose checks fail, of what `show servers state` prints."""
    rows = [line.split(" ") for line in states.splitlines() if line and line[0].isdigit()]
    return [
        row[NAME] for row in rows
        if len(row) > ADMINISTRATIVE and row[OPERATIONAL] == STOPPED and not int(row[ADMINISTRATIVE]) & MAINTENANCE
    ]


def sessions_of(listing):
    """Yields (source, source port, zone, zone port) of the phones in what `show sess all` prints."""
    source, port = None, None
    for line in listing.splitlines():
        if found := SESSION.match(line):
            source, port = found.groups(), None
        elif line.startswith("0x"):
            source = None
        elif found := SERVER_SOURCE.match(line):
            port = int(found[1])
        elif (found := SERVER.match(line)) and source and port:
            yield source[0], int(source[1]), found[1], port
            source = None


def orders_for(path, former, wanted):
    """Returns the orders that make the map `former` of a worker the map `wanted`."""
    gone = [key for key in former if key not in wanted]
    changed = [key for key, value in wanted.items() if former.get(key, value) != value]
    new = [f"{key} {value}" for key, value in wanted.items() if key not in former]
    return [
        *(f"del map {path} {key}" for key in gone),
        *(f"set map {path} {key} {wanted[key]}" for key in changed),
        *(f"add map {path} <<\n" + "\n".join(new[start:start + LINES]) + "\n"
          for start in range(0, len(new), LINES)),
    ]


class Haproxy:
    """The master's socket, which knows the workers of before a reload too."""

    def __init__(self, socket):
        self.socket = socket

    async def ask(self, order):
        try:
            async with asyncio.timeout(PATIENCE):
                reader, writer = await asyncio.open_unix_connection(self.socket)
                try:
                    writer.write(order.encode() + b"\n")
                    # HAProxy closes when it has answered what there is.
                    writer.write_eof()
                    return (await reader.read(-1)).decode(errors="replace")
                finally:
                    writer.close()
        except TimeoutError:
            raise Unavailable("HAProxy does not answer in time") from None
        except OSError as error:
            raise Unavailable(f"HAProxy does not answer: {error.strerror}") from None

    async def workers(self):
        return workers_of(await self.ask("show proc"))

    async def dead_zones(self):
        return dead_zones_of(await self.ask("@1 show servers state nodes"))

    async def sessions(self):
        """Returns the connections of all workers. Takes HAProxy some milliseconds for each thousand."""
        current, former = await self.workers()
        found = []
        for worker in filter(None, [current, *former]):
            found.extend(sessions_of(await self.ask(f"@!{worker} show sess all")))
        return found


class Maps:
    """Maps that haproxy.cfg names: on disk, where the next worker reads them, and in the current worker."""

    def __init__(self, haproxy, folder, names):
        self.haproxy = haproxy
        self.paths = {name: os.path.join(folder, f"{name}.map") for name in names}
        self.written = {}
        self.applied = {}
        self.worker = None

    def keep(self, wanted):
        """Writes the maps, by name, to disk."""
        for name, content in wanted.items():
            if self.written.get(name) != content:
                replace(self.paths[name], "".join(f"{key} {value}\n" for key, value in content.items()))
                self.written[name] = content

    async def apply(self, wanted, worker):
        """Makes the maps of the current worker what `wanted` says, by name. A new worker gets them whole.

        To be called after `keep`: a worker that starts between the two is given them when it is noticed.
        """
        if worker != self.worker:
            self.worker, self.applied = worker, {}
        for name, content in wanted.items():
            if self.applied.get(name) == content:
                continue
            path, former = self.paths[name], self.applied.pop(name, None)
            if former is None:
                await self._load(path, content)
            else:
                for order in orders_for(path, former, content):
                    await self._order(order)
            self.applied[name] = content

    async def _load(self, path, content):
        """Replaces a map in one step."""
        answer = await self.haproxy.ask(f"@1 prepare map {path}")
        version = re.search(r"New version created: ([0-9]+)", answer)
        if version is None:
            raise Unavailable(f"HAProxy has no map {path}: {answer.strip()}")
        lines = [f"{key} {value}" for key, value in content.items()]
        for start in range(0, len(lines), LINES):
            await self._order(f"add map @{version[1]} {path} <<\n" + "\n".join(lines[start:start + LINES]) + "\n")
        await self._order(f"commit map @{version[1]} {path}")

    async def _order(self, order):
        answer = await self.haproxy.ask(f"@1 {order}")
        if answer.strip():
            raise Unavailable(f"HAProxy refuses '{order.splitlines()[0]}': {answer.strip()}")


def replace(path, text):
    """Writes a file that is whole whenever it is read, after a power cut too."""
    beside = f"{path}.new"
    with open(beside, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o640)) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(beside, path)
