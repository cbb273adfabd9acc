"""trunkline-admission: locks who guesses, and shuts who does not log in.

It hears of connections from HAProxy, and of log-ins from the zones; decisions.py decides; HAProxy's maps and the
kernel carry it out. Stopping it changes nothing for phones: the locks of that moment stay until it is back.
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

# Seconds between two looks at the time, at HAProxy, and at the kernel's connections.
TICK, LOOK, RECONCILE = 0.25, 1.0, 3.0
# Seconds that many events share one round of work.
GATHER = 0.05
# Seconds between two full listings of HAProxy's sessions, and between two savings of what is known.
LISTING, SAVE = 30.0, 60.0
# A record may be on its way for so many seconds.
SETTLED = 2.0
# Bytes of records that wait while this program is busy: 1,000 connections a second for some seconds.
BACKLOG = 4 << 20
RECORD = 4096


def clock():
    """Seconds that no change of the date moves, and that count while a server is suspended."""
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
        # HAProxy's maps are to change.
        self.stirred = asyncio.Event()
        # When bytes may be counted again because many log-ins fail.
        self.next_count = 0.0
        # Connections of the kernel that HAProxy has not told of: at the last look, and at the two last.
        self.strange, self.unknown = None, set()
        self.at = dict.fromkeys(("settings", "look", "reconcile", "listing", "save"), -LISTING)
        self.trouble = None

    # Events.

    def on_reporter(self, zone, connected):
        self.drain()
        self.admission.reporter(clock(), zone, connected)
        self.records.write({"event": "reporter", "zone": zone, "connected": connected})

    def on_reports(self, zone, reports):
        # HAProxy tells of a connection before its first byte reaches the zone: that record is here already.
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
        """Reads records of connections as they arrive, those of a short time together."""
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
        """Carries out at once what an event has brought about."""
        self.carry_out()
        if self.admission.changed:
            self.stirred.set()

    def bans(self):
        return self.admission.bans(clock())

    def lift(self, source, account):
        lifted = self.admission.lift(clock(), source, account)
        self.at["save"] = -SAVE
        self.react()
        return [{"source": source, "account": account} for source, account in lifted]

    # Work.

    async def run(self):
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stopped.set)
        stop = asyncio.create_task(stopped.wait())
        while not self.read_settings():
            # A cloud may carry the file to a new server after its boot.
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
        # Side by side: connections are shut while HAProxy is slow to answer.
        tasks = [asyncio.create_task(self.again(self.decide, asyncio.Event(), TICK)),
                 asyncio.create_task(self.again(self.look, self.stirred, LOOK))]
        await asyncio.wait([stop, *tasks], return_when=asyncio.FIRST_COMPLETED)
        self.save(clock())
        for task in tasks:
            if task.done():
                task.result()

    async def again(self, work, event, interval):
        """Works on when `event` asks for it, and at the latest after `interval` seconds."""
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
        """Takes over limits.json if it has changed. Returns whether there are settings."""
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
            print(f"{SETTINGS} is not what the program writes: {error!r}", file=sys.stderr, flush=True)
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
        """Counts the bytes of all connections, and returns them by zone and port."""
        names = {address: name for name, address in self.addresses.items()}
        sent = {(names[address], port): count for (address, port), count in self.sockets.established().items()
                if address in names}
        self.admission.weigh(now, sent)
        # A quarter of a processor at most, however many connections there are.
        end = clock()
        self.next_count = end + 3 * (end - now)
        return sent

    def reconcile(self, now):
        """Forgets connections that the kernel has no more, and finds those that HAProxy has not told of."""
        with self.kernel():
            there = self.weigh(now)
            self.drain()
            known = self.admission.connections
            self.admission.closed(now, [key for key, connection in known.items()
                                        if key not in there and now - connection.opened >= SETTLED])
            strange = {key for key in there if key not in known}
            # A health check is gone by the next look.
            self.unknown = strange if self.strange is None else self.strange & strange
            self.strange = strange

    @contextlib.contextmanager
    def kernel(self):
        """Goes on without the kernel's answer: HAProxy's maps keep new connections out all the same."""
        try:
            yield
        except OSError as error:
            self.complain(f"the kernel's connections: {error}")
            # An answer that comes late belongs to no other question.
            self.sockets.close()
            self.sockets = Sockets()

    def complain(self, trouble):
        """Writes a trouble to the journal, once for as long as it is the last one."""
        if trouble != self.trouble:
            self.trouble = trouble
            print(trouble, file=sys.stderr, flush=True)

    async def look(self, now):
        """Sees to HAProxy: its maps, connections that are not known, phones of dead zones."""
        wanted = dict(zip(("sources", "pairs"), self.admission.maps(now)))
        try:
            self.maps.keep(wanted)
        except OSError as error:
            self.complain(f"{error.filename}: {error.strerror}")
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
            self.complain(str(error))

    def disconnect(self, zones):
        """Shuts all connections with zones that are dead.

        Nobody checks the zones for the workers of before a reload. HAProxy itself does not shut their connections:
        "Proxy is disabled".
        """
        addresses = {self.addresses.get(zone) for zone in zones}
        with self.kernel():
            for address, port in self.sockets.established() if addresses else ():
                if address in addresses:
                    self.sockets.shut(address, port)

    # What is kept.

    def save(self, now):
        try:
            replace(KEPT, json.dumps({"boot": boot(), "at": now, **self.admission.snapshot(now)}))
        except OSError as error:
            print(f"{KEPT}: {error.strerror}", file=sys.stderr, flush=True)

    def restore(self):
        now = clock()
        try:
            with open(KEPT, encoding="utf-8") as file:
                kept = json.load(file)
            # After a boot this clock begins anew: a lock goes on for what was left of it.
            same = kept["boot"] == boot() and kept["at"] <= now
            self.admission.restore(kept["at"] if same else now, kept)
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            print(f"{KEPT} cannot be read, and is begun anew: {error!r}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.umask(0o027)
    asyncio.run(Service().run())
