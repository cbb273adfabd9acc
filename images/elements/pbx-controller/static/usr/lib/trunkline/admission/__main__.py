"""trunkline-admission: locks sources that guess passwords, and closes connections that do not log in.

HAProxy reports connections, and the zones report log-ins. decisions.py decides. HAProxy's maps and the kernel apply
the decisions. While this program does not run, HAProxy keeps the last locks. Connections without a log-in then stay
open.
"""
import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time

from control import Control
from decisions import Admission, Limits
from haproxy import Haproxy, Maps, Unavailable, connection_of, replace
from records import Records
from reports import Receiver
from sockets import Sockets

SETTINGS = "/etc/trunkline/limits.json"
STATE = "/var/lib/trunkline-admission"
KEPT = f"{STATE}/state.json"
LOG = "/var/log/trunkline/security.log"
MASTER = "/run/haproxy/master.sock"
CONTROL = "/run/trunkline-admission/control.sock"

# Pause between two rounds of `decide`, and longest pause between two rounds of `look`, in seconds.
TICK, LOOK = 0.25, 1.0
# Minimum seconds between two calls of `reconcile`.
RECONCILE = 3.0
# Seconds for which events are gathered before one round of work.
GATHER = 0.05
# Minimum seconds between two full listings of HAProxy's sessions, and maximum seconds between two writes of the state.
LISTING, SAVE = 30.0, 60.0
# Maximum seconds from HAProxy's report of a connection until the kernel lists the connection. After this time, a
# connection that the kernel does not list has ended.
SETTLED = 2.0
# Bytes of the receive buffer, which holds records until this program reads them. With 1,000 new connections per second,
# the buffer is full after some seconds.
BACKLOG = 4 << 20
# Largest number of bytes of a record.
RECORD = 4096


def clock():
    """Returns seconds of a clock that does not follow changes of the date, and runs while the server is suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot():
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


class Service:
    def __init__(self):
        self.records = Records(LOG)
        self.sockets = Sockets()
        self.haproxy = Haproxy(MASTER)
        self.maps = Maps(self.haproxy, STATE, ("sources", "pairs"))
        self.receiver = Receiver(self.on_reporter, self.on_reports, self.on_fault)
        self.control = Control(self.bans, self.lift)
        self.admission = None
        self.addresses = {}
        self.settings = None
        self.inbox = None
        # Set when HAProxy's maps have to change.
        self.maps_changed = asyncio.Event()
        # Earliest time of the next count of bytes because of many failed log-ins.
        self.next_count = 0.0
        # Keys of connections in the kernel that HAProxy has not reported. `unreported`: at the last check. `unknown`:
        # at the last check and at the check before it, if there was one.
        self.unreported, self.unknown = None, set()
        self.at = dict.fromkeys(("settings", "look", "reconcile", "listing", "save"), -LISTING)
        self.last_error = None

    # Events.

    def on_reporter(self, zone, connected):
        self.drain()
        self.admission.reporter(clock(), zone, connected)
        self.records.write({"event": "reporter", "zone": zone, "connected": connected})

    def on_reports(self, zone, reports):
        # HAProxy normally reports a connection before its first byte reaches the zone, so the record is already here.
        self.drain()
        now = clock()
        for report in reports:
            self.admission.report(now, zone, *report)
        if self.admission.has_many_unplaced(zone) and now >= self.next_count:
            with self.kernel():
                self.weigh(now)
        self.react()

    def on_fault(self, zone, fault):
        self.records.write({"event": "bad report", "zone": zone, "text": fault})

    def listen(self):
        """Reads records of connections as they arrive. Gathers records for a short time."""
        loop = asyncio.get_running_loop()

        def arrived():
            loop.remove_reader(self.inbox)
            loop.call_later(GATHER, again)

        def again():
            self.drain()
            loop.add_reader(self.inbox, arrived)

        again()

    def drain(self):
        """Reads all records of connections that have arrived."""
        now = clock()
        while True:
            try:
                record = self.inbox.recv(RECORD)
            except BlockingIOError:
                return
            if (connection := connection_of(record)) is not None:
                self.admission.opened(now, *connection)

    def react(self):
        self.carry_out()
        if self.admission.changed:
            self.maps_changed.set()

    def bans(self):
        return self.admission.bans(clock())

    def lift(self, source, account):
        lifted = self.admission.lift(clock(), source, account)
        self.at["save"] = -SAVE
        self.react()
        return [{"source": source, "account": account} for source, account in lifted]

    # Tasks.

    async def run(self):
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stopped.set)
        stop = asyncio.create_task(stopped.wait())
        while not self.read_settings():
            # Some clouds deliver the file to a new server after its boot.
            await asyncio.wait([stop], timeout=TICK)
            if stop.done():
                return
        self.restore()
        port = json.loads(self.settings)["reportPort"]
        self.inbox = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.inbox.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), BACKLOG)
        self.inbox.setblocking(False)
        self.inbox.bind(("127.0.0.1", port))
        self.listen()
        await self.receiver.serve(port)
        await self.control.serve(CONTROL)
        print("ready", flush=True)
        # The two tasks run in parallel, so that connections are closed even while HAProxy answers slowly.
        tasks = [asyncio.create_task(self.again(self.decide, asyncio.Event(), TICK)),
                 asyncio.create_task(self.again(self.look, self.maps_changed, LOOK))]
        await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
        self.save(clock())
        for task in tasks:
            if task.done():
                task.result()

    async def again(self, work, event, interval):
        """Repeats `work` when `event` is set, and at the latest after `interval` seconds."""
        while True:
            event.clear()
            await work(clock())
            try:
                await asyncio.wait_for(event.wait(), interval)
                await asyncio.sleep(GATHER)
            except TimeoutError:
                pass

    async def decide(self, now):
        self.drain()
        self.admission.tick(now)
        if self.due("settings", now, LOOK):
            self.read_settings()
        if self.due("reconcile", now, RECONCILE):
            self.reconcile(now)
        elif self.admission.unplaced:
            with self.kernel():
                self.weigh(now)
        self.react()
        if self.due("save", now, SAVE):
            self.save(now)

    def due(self, work, now, interval):
        if now - self.at[work] < interval:
            return False
        self.at[work] = now
        return True

    def read_settings(self):
        """Applies limits.json if it has changed. Returns whether there are settings."""
        try:
            with open(SETTINGS, encoding="utf-8") as file:
                text = file.read()
            if text != self.settings:
                settings = json.loads(text)
                limits = Limits.of(settings["limits"])
                addresses = {zone["name"]: zone["fixedIp"] for zone in settings["zones"]}
                if self.admission is None:
                    self.admission = Admission(limits)
                self.admission.limits = limits
                self.addresses = addresses
                self.receiver.zones = {address: name for name, address in addresses.items()}
                self.settings = text
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"cannot read {SETTINGS}; it is not applied: {error!r}", file=sys.stderr, flush=True)
        return self.settings is not None

    def carry_out(self):
        shutting, records = self.admission.take()
        with self.kernel():
            for zone, port in shutting:
                if zone in self.addresses:
                    self.sockets.shut(self.addresses[zone], port)
        for record in records:
            self.records.write(record)
            if record["event"] in ("lock", "lift"):
                self.at["save"] = -SAVE

    def weigh(self, now):
        """Counts the bytes of all connections and divides failed log-ins. Returns the bytes by zone and port."""
        names = {address: name for name, address in self.addresses.items()}
        sent = {(names[address], port): count for (address, port), count in self.sockets.established().items()
                if address in names}
        self.admission.weigh(now, sent)
        # Counts that `on_reports` starts take at most a quarter of a CPU, for any number of connections.
        end = clock()
        self.next_count = end + 3 * (end - now)
        return sent

    def reconcile(self, now):
        """Forgets connections that the kernel no longer has, and finds connections that HAProxy has not reported."""
        with self.kernel():
            there = self.weigh(now)
            self.drain()
            known = self.admission.connections
            self.admission.closed(now, [key for key, connection in known.items()
                                        if key not in there and now - connection.opened >= SETTLED])
            unreported = {key for key in there if key not in known}
            # A connection of HAProxy's health check has ended by the next check, so it is never in both.
            self.unknown = unreported if self.unreported is None else self.unreported & unreported
            self.unreported = unreported

    @contextlib.contextmanager
    def kernel(self):
        """Reports errors of the kernel and goes on, because HAProxy still rejects new connections of locked sources."""
        try:
            yield
        except OSError as error:
            self.log_error(f"cannot list or close connections in the kernel: {error}")
            # Opens a new socket, so that a late answer is not taken for the answer to another request.
            self.sockets.close()
            self.sockets = Sockets()

    def log_error(self, error):
        """Writes an error to the journal, unless it is the same as the last error."""
        if error != self.last_error:
            self.last_error = error
            print(error, file=sys.stderr, flush=True)

    async def look(self, now):
        """Updates HAProxy's maps, looks up unknown connections, and closes connections with dead zones."""
        wanted = dict(zip(("sources", "pairs"), self.admission.maps(now)))
        try:
            self.maps.keep(wanted)
        except OSError as error:
            self.log_error(f"cannot write {error.filename}: {error.strerror}")
        try:
            worker, former = await self.haproxy.workers()
            if worker is None:
                raise Unavailable("HAProxy has no worker")
            await self.maps.apply(wanted, worker)
            if former:
                self.disconnect(await self.haproxy.dead_zones())
            if self.unknown and self.due("listing", now, LISTING):
                for source, source_port, zone, port in await self.haproxy.sessions():
                    if (zone, port) in self.unknown:
                        self.admission.opened(now, source, source_port, zone, port, None, found=True)
        except Unavailable as error:
            self.log_error(str(error))

    def disconnect(self, zones):
        """Closes all connections with dead zones.

        Pre-reload workers do not check zones. HAProxy itself refuses to close their connections: "Proxy is disabled".
        """
        addresses = {self.addresses.get(zone) for zone in zones}
        with self.kernel():
            for address, port in self.sockets.established() if addresses else ():
                if address in addresses:
                    self.sockets.shut(address, port)

    # Saved state.

    def save(self, now):
        try:
            replace(KEPT, json.dumps({"boot": boot(), "at": now, **self.admission.snapshot(now)}))
        except OSError as error:
            print(f"cannot write {KEPT}: {error.strerror}", file=sys.stderr, flush=True)

    def restore(self):
        now = clock()
        try:
            with open(KEPT, encoding="utf-8") as file:
                kept = json.load(file)
            # After a boot, this clock starts again, and the time since the state was saved is unknown. A lock then
            # lasts for the time that remained when the state was saved.
            same = kept["boot"] == boot() and kept["at"] <= now
            self.admission.restore(kept["at"] if same else now, kept)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"cannot read {KEPT}; starting without saved state: {error!r}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.umask(0o027)
    asyncio.run(Service().run())
