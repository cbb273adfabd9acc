"""Sends commands to the running HAProxy on its master socket, and reads its records of connections."""
import asyncio
import os
import re

# Seconds that HAProxy may take to answer.
TIMEOUT = 5.0
# Lines of a map in one command. HAProxy reads a command into a buffer of 16 KiB.
LINES = 200

# Structured data of an RFC 5424 record, as `log-format-sd` of haproxy.cfg writes it. If no zone took the connection,
# the record has <NOSRV> or a similar name instead of a zone, and does not match.
RECORD = re.compile(
    rb'\[connection@0 source="([0-9.]{7,15})" sourcePort="([0-9]{1,5})" zone="([a-z0-9]{1,32})"'
    rb' zonePort="([0-9]{1,5})" account="([0-9]{1,32}|-)"\]'
)
SESSION = re.compile(r"^0x[0-9a-f]+: .* proto=tcpv4 source=([0-9.]+):([0-9]+)$")
SERVER = re.compile(r"^ +server=([a-z0-9]+) .*addr=[0-9.]+:[0-9]+")
SERVER_SOURCE = re.compile(r"^ +backend=nodes .*addr=[0-9.]+:([0-9]+)$")

# Columns of `show servers state`, and their values (HAProxy's Management Guide, 9.3).
NAME, OPERATIONAL, ADMINISTRATIVE = 3, 5, 6
STOPPED = "0"
MAINTENANCE = 0x01 | 0x02 | 0x20


class Unavailable(Exception):
    """HAProxy does not answer, or rejects a command."""


def connection_of(record):
    """Returns (source, source port, zone, zone port, account or None) of a record; None for any other record."""
    found = RECORD.search(record)
    if found is None:
        return None
    source, source_port, zone, port, account = (value.decode() for value in found.groups())
    return source, int(source_port), zone, int(port), None if account == "-" else account


def workers_of(processes):
    """Returns the process id of the current worker (or None), and the process ids of pre-reload workers."""
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
    """Returns the zones whose health checks fail and that are not under maintenance.

    `states` is the output of `show servers state`.
    """
    rows = [line.split(" ") for line in states.splitlines() if line and line[0].isdigit()]
    return [
        row[NAME] for row in rows
        if len(row) > ADMINISTRATIVE and row[OPERATIONAL] == STOPPED and not int(row[ADMINISTRATIVE]) & MAINTENANCE
    ]


def sessions_of(listing):
    """Yields (source, source port, zone, zone port) of each phone in the output of `show sess all`."""
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
    """Returns the commands that change the content of a worker's map from `former` to `wanted`."""
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
    """Running HAProxy. Uses the master socket, which also gives access to pre-reload workers."""

    def __init__(self, socket):
        self.socket = socket

    async def ask(self, command):
        """Runs a command and returns its output. Raises Unavailable."""
        try:
            async with asyncio.timeout(TIMEOUT):
                reader, writer = await asyncio.open_unix_connection(self.socket)
                try:
                    writer.write(command.encode() + b"\n")
                    # HAProxy closes the connection after its answer.
                    writer.write_eof()
                    return (await reader.read(-1)).decode(errors="replace")
                finally:
                    writer.close()
        except TimeoutError:
            raise Unavailable(f"HAProxy does not answer within {TIMEOUT:.0f} s") from None
        except OSError as error:
            raise Unavailable(f"HAProxy does not answer: {error.strerror}") from None

    async def workers(self):
        return workers_of(await self.ask("show proc"))

    async def dead_zones(self):
        return dead_zones_of(await self.ask("@1 show servers state nodes"))

    async def sessions(self):
        """Returns the connections of all workers. The more connections there are, the longer HAProxy takes."""
        current, former = await self.workers()
        found = []
        for worker in filter(None, [current, *former]):
            found.extend(sessions_of(await self.ask(f"@!{worker} show sess all")))
        return found


class Maps:
    """Maps of haproxy.cfg, both on disk, where the next worker reads them, and in the current worker."""

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
        """Changes the maps of the current worker to `wanted`, by name. Sends complete maps to a new worker.

        Must be called after `keep`. A worker that starts between the two calls gets the maps at the next call.
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
                for command in orders_for(path, former, content):
                    await self._run(command)
            self.applied[name] = content

    async def _load(self, path, content):
        """Replaces a map in one step."""
        answer = await self.haproxy.ask(f"@1 prepare map {path}")
        version = re.search(r"New version created: ([0-9]+)", answer)
        if version is None:
            raise Unavailable(f"HAProxy has no map {path}: {answer.strip()}")
        lines = [f"{key} {value}" for key, value in content.items()]
        for start in range(0, len(lines), LINES):
            await self._run(f"add map @{version[1]} {path} <<\n" + "\n".join(lines[start:start + LINES]) + "\n")
        await self._run(f"commit map @{version[1]} {path}")

    async def _run(self, command):
        answer = await self.haproxy.ask(f"@1 {command}")
        if answer.strip():
            raise Unavailable(f"HAProxy rejects '{command.splitlines()[0]}': {answer.strip()}")


def replace(path, text):
    """Writes a file atomically. A reader always sees a complete file, also after a power failure."""
    beside = f"{path}.new"
    with open(beside, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o640)) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.rename(beside, path)
