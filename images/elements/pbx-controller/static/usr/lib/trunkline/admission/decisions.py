"""Decides which sources are locked, for which accounts, and which connections are closed.

This module does no I/O. The caller reports each event with its time, in seconds of a monotonic clock, and applies the
decisions.

A *source* is an IPv4 address that connects. A *pair* is a source and an account that the source tries. A connection has
a key: the zone that it reached, and the port from which HAProxy connects to the zone.
"""
import heapq
import re
from collections import Counter, deque
from dataclasses import dataclass, field, fields

MINUTE = 60.0
DAY = 24 * 3600.0

# Seconds for which refused log-ins count.
WINDOW = 10 * MINUTE
# Seconds that a phone counts as registered after a log-in. A phone registers once a minute.
LIVE = 150.0
# Seconds that a source counts as known after a log-in.
KNOWN = 7 * DAY
# Number of connections without a log-in, within a minute, that locks an unknown source.
ABANDONED = 40
# Number of connections without a log-in that stay open when a zone fills up.
CROWD = 100
# Connections that a zone accepts; see plan/capacity.ts. When a zone is more than half full, connections without a
# log-in are closed if their source is unknown. Until then, all phones of a new office may connect at the same time.
# When a zone is nearly full, connections without a log-in are closed for any source.
PLACES = 1000
# Seconds for which a new connection is not closed to make room. A phone logs in within tenths of a second.
GRACE = 1.0
# Log-ins take longer in a zone to which many phones connect at the same time. Connections there get additional time:
# the duration of a slow log-in in the last SLOW seconds, up to LONGEST.
SLOW = 5.0
LONGEST = 30.0

# chan_sip does not report the connection of some failed log-ins. These are divided among the connections of the zone,
# in proportion to the bytes that each connection has sent since the last count. A phone that registers or calls while
# another source guesses gets a share too, of at most one failed log-in for each REQUEST bytes. Each failed log-in above
# the allowance of its connection counts as a refusal.

# Smallest number of bytes of a request with a guess.
REQUEST = 200
# Bytes that a phone sends to log in. Also assumed for a connection that ended before its bytes were counted.
LOG_IN = 1_000
# Allowance of a connection without a log-in.
GUESSES = 10
# Allowance of a connection with a log-in or a call. A log-in renews the allowance if the account has not logged in from
# the source in the last REREGISTER seconds.
GUESSES_LOGGED_IN = 60
REREGISTER = 30.0

# Number of refusals of a locked pair, for each connection, that count against the source. Further refusals do not
# count, because their log-ins were already on their way when the connection was closed.
LATE_GUESSES = 10

# Largest number of seconds by which the report of a log-in may arrive before HAProxy's record of its connection.
LATE_RECORD = 2.0

# Limits of the tables. If a table is full, its oldest entry is deleted; of the locks, the one that ends first.
MAX_CONNECTIONS = 100_000
MAX_SOURCES = 50_000
MAX_LOCKS = 20_000
# Accounts that have logged in on one connection.
MAX_ACCOUNTS = 16
# Connections of an account, from all sources. A further connection closes the one with the oldest log-in. A phone uses
# one or two connections. A connection that a phone has abandoned lasts for a minute.
MAX_OF_ACCOUNT = 8
# Names of accounts in `unplaced`, for each zone.
MAX_NAMES = 1_000

ACCOUNT = re.compile(r"[0-9A-Za-z._+*#-]{1,64}")
# Names of accounts that HAProxy looks up in its maps.
EXTENSION = re.compile(r"[0-9]{1,32}")
# Stands for every name that no account can have. In a full `unplaced`, counts all further log-ins.
STRANGE = "?"


@dataclass(frozen=True)
class Limits:
    """Limits in `pbx:limits` that this module applies. Times are in seconds."""

    loginTime: int
    failuresPerAccount: int
    failuresPerSource: int
    lockTime: int

    @classmethod
    def of(cls, written):
        return cls(**{each.name: written[each.name] for each in fields(cls)})


@dataclass
class Connection:
    source: str
    sourcePort: int
    zone: str
    port: int
    # User in the From header of the first message; None if it is unknown or not an extension.
    account: str | None
    opened: float
    # Time after which the connection is closed if there is no log-in.
    deadline: float
    # Whether this service may have missed a log-in on the connection: it has no record of the connection from HAProxy
    # (as a rule, because the connection is older than this service), or the zone did not always report log-ins.
    found: bool = False
    shut: bool = False
    # Refusals of a locked pair that have counted against the source.
    late_guesses: int = 0
    # Failed log-ins of the zone that were assigned to this connection and have not counted as refusals yet.
    guesses: float = 0.0
    # Bytes that the zone had acknowledged at the last count. None before the first count, if HAProxy's record of the
    # connection is missing.
    sent: int | None = 0
    # Whether the connection was given a share of failed log-ins because it ended before its bytes were counted.
    missed: bool = False
    # Whether the connection may have a call.
    calling: bool = False
    # Accounts that have logged in on the connection, with the time of the last log-in.
    accounts: dict = field(default_factory=dict)


@dataclass
class Lock:
    until: float
    reason: str
    # Number of locks in a day, including this one.
    times: int
    # Log-ins refused during the lock.
    refused: int = 0


class Admission:
    """State of connections, sources and accounts."""

    def __init__(self, limits):
        self.limits = limits
        self.connections = {}
        self.of_source = {}
        # Connections by account that has logged in on them, the oldest log-in first.
        self.of_account = {}
        # Connections without a log-in, by zone, the oldest first.
        self.waiting = {}
        self.open = Counter()
        # Zones that report log-ins at present, and zones for which an `unreported` record was written.
        self.reporting = set()
        self.silent = set()
        self.known = {}
        self.live = {}
        self.failures = {}
        self.abandoned = {}
        self.locks = {}
        self.history = {}
        # Log-ins on connections that HAProxy has not reported yet: account and time, by zone and port.
        self.orphans = {}
        # Failed log-ins on unknown connections since the last count of bytes, by zone and account.
        self.unplaced = {}
        # Connections that had calls before this service restarted: time of the restart, by zone and port.
        self.calls = {}
        # Slowest recent log-in, by zone: its time, and its duration in seconds.
        self.slowest = {}
        self.pruned = 0.0
        # Whether `maps` may return a new result.
        self.changed = True
        self.shutting = []
        self.records = []

    # Events.

    def opened(self, now, source, source_port, zone, port, account, found=False):
        """Handles a connection that has reached a zone. `found` is true if HAProxy's record of it is missing."""
        timeout = LIVE if found else self.limits.loginTime
        connection = Connection(source, source_port, zone, port, account, now, now + timeout, found)
        if found:
            connection.sent = None
            if (zone, port) in self.calls:
                self._keep(connection)
        self._forget((zone, port))
        if len(self.connections) >= MAX_CONNECTIONS:
            self._forget(next(iter(self.connections)))
        self.connections[zone, port] = connection
        self.of_source.setdefault(source, set()).add((zone, port))
        self.waiting.setdefault(zone, {})[port] = connection
        self.open[zone] += 1
        account, when = self.orphans.pop((zone, port), (None, 0.0))
        # If `found` is false, a log-in that is older than LATE_RECORD, or of another account, may belong to an earlier
        # connection from the same port.
        is_late = account == connection.account and now - when < LATE_RECORD
        if account is not None and (found or is_late):
            self._accepted(when, connection, account)

    def closed(self, now, keys):
        """Handles connections that have ended."""
        for key in keys:
            connection = self.connections.get(key)
            if connection is None:
                continue
            self._settle(now, connection)
            if key[1] in self.waiting.get(key[0], {}) and not connection.found:
                self._abandon(now, connection)
            self._forget(key)

    def reporter(self, now, zone, connected):
        """Handles a zone that starts or stops reporting log-ins."""
        if not connected:
            self.reporting.discard(zone)
            return
        self.reporting.add(zone)
        self.silent.discard(zone)
        # Phones may have logged in on waiting connections without a report of the zone. Phones register again before
        # the new deadline.
        for connection in self.waiting.get(zone, {}).values():
            connection.deadline = max(connection.deadline, now + LIVE)
            connection.found = True

    def report(self, now, zone, event, account, port):
        """Handles a log-in that a zone `accepted`, `refused`, or answered with another challenge (`challenged`).

        `port` is 0 if the zone does not know it. A challenge never has a port. An accepted log-in without a port is a
        call.
        """
        if not ACCOUNT.fullmatch(account):
            account = STRANGE
        if port == 0 and event != "accepted":
            accounts = self.unplaced.setdefault(zone, Counter())
            accounts[account if len(accounts) < MAX_NAMES else STRANGE] += 1
        connection = self.connections.get((zone, port))
        if event == "accepted":
            if port == 0:
                self._called(zone, account)
            elif connection is not None:
                self._accepted(now, connection, account)
            else:
                self.orphans[zone, port] = (account, now)
                self._bound(self.orphans, MAX_SOURCES)
        elif event == "refused":
            self._refused(now, zone, port, connection, account)

    def has_many_unplaced(self, zone):
        """Returns whether so many log-ins have failed on unknown connections that `weigh` should be called."""
        return self.unplaced.get(zone, Counter()).total() >= GUESSES

    def weigh(self, now, sent):
        """Divides failed log-ins on unknown connections among the connections that sent bytes since the last call.

        `sent` has the total bytes that each connection has sent to its zone, by zone and port.
        """
        grown = {}
        for key, total in sent.items():
            connection = self.connections.get(key)
            if connection is None:
                continue
            before, connection.sent = connection.sent, total
            if key[0] in self.unplaced and before is not None and total > before:
                grown.setdefault(key[0], []).append((connection, total - before))
        unplaced, self.unplaced = self.unplaced, {}
        for zone, accounts in unplaced.items():
            self._blame(now, zone, accounts, grown.get(zone, []), sent)

    def tick(self, now):
        """Ends locks, and closes connections without a log-in, when they expire. Call it at least every second."""
        for key in [key for key, lock in self.locks.items() if lock.until <= now]:
            self._unlock(key, "expired")
        for zone, waiting in self.waiting.items():
            lag = self._lag(now, zone)
            late = [connection for connection in waiting.values()
                    if connection.deadline + lag <= now and not self._is_of_registered_phone(now, connection)]
            if late and zone not in self.reporting:
                if zone not in self.silent:
                    self.silent.add(zone)
                    self._record("unreported", zone=zone,
                                 text="the zone reports no log-ins; its connections without a log-in are not closed")
                continue
            for connection in late:
                self._shut_waiting(now, connection)
            self._make_room(now, zone, waiting, lag)
        if now - self.pruned >= MINUTE:
            self.pruned, self.changed = now, True
            self._prune(now)

    def lift(self, now, source, account):
        """Lifts the lock of a pair, or of a source and all of its pairs. Returns the lifted locks."""
        lifted = [key for key in self.locks if key[0] == source and account in (None, key[1])]
        for key in lifted:
            self._unlock(key, "by hand")
            self.history.pop(key, None)
        for key in [key for key in self.failures if key[0] == source and account in (None, key[1])]:
            del self.failures[key]
        if account is None:
            self.abandoned.pop(source, None)
        return lifted

    # Decisions.

    def take(self):
        """Returns the connections to close and the records to write, and clears both."""
        shutting, records = self.shutting, self.records
        self.shutting, self.records = [], []
        return shutting, records

    def maps(self, now):
        """Returns HAProxy's maps of sources and of pairs. They change even without events, when log-ins get too old."""
        self.changed = False
        sources = {"0.0.0.0/0": "unknown"}
        sources.update((source, "known") for source in self.known)
        pairs = {}
        restricted = set()
        for source, account in self.locks:
            if account is None:
                restricted.add(source)
                sources[source] = "locked"
            elif EXTENSION.fullmatch(account):
                pairs[f"{source}/{account}"] = "restricted" if self.is_live(now, source, account) else "locked"
        if restricted:
            for source, account in self.live:
                if source in restricted and self.is_live(now, source, account):
                    sources[source] = "restricted"
                    pairs.setdefault(f"{source}/{account}", "restricted")
        return sources, pairs

    def bans(self, now):
        """Returns the locks, in the order in which they end."""
        return [
            {"source": source, "account": account, "seconds": max(0, round(lock.until - now)),
             "reason": lock.reason, "times": lock.times, "refused": lock.refused,
             "restricted": self._has_live(now, source, account)}
            for (source, account), lock in sorted(self.locks.items(), key=lambda item: item[1].until)
        ]

    def is_live(self, now, source, account):
        """Returns whether the account has logged in from the source in the last LIVE seconds."""
        when = self.live.get((source, account))
        return when is not None and now - when < LIVE

    # Saved state. It has ages instead of times, because times are not valid after a boot, which resets the clock.

    def snapshot(self, now):
        return {
            "known": {source: round(now - when) for source, when in self.known.items()},
            "live": [[*pair, round(now - when)] for pair, when in self.live.items() if now - when < LIVE],
            "locks": [[*key, round(lock.until - now), lock.reason, lock.times, lock.refused]
                      for key, lock in self.locks.items()],
            "history": [[*key, [round(now - when) for when in times]] for key, times in self.history.items()],
            "calls": [list(key) for key, connection in self.connections.items() if connection.calling],
        }

    def restore(self, now, kept):
        self.known = {source: now - age for source, age in kept["known"].items()}
        self.live = {(source, account): now - age for source, account, age in kept["live"]}
        self.locks = {(source, account): Lock(now + left, reason, times, refused)
                      for source, account, left, reason, times, refused in kept["locks"]}
        self.history = {(source, account): [now - age for age in ages]
                        for source, account, ages in kept["history"]}
        self.calls = {(zone, port): now for zone, port in kept.get("calls", ())}

    # Implementation.

    def _accepted(self, now, connection, account):
        self.changed |= connection.source not in self.known
        if now - self.live.get((connection.source, account), -REREGISTER) >= REREGISTER:
            connection.guesses = 0.0
        took = min(now - connection.opened, LONGEST)
        if not connection.accounts and not connection.found and took >= self._lag(now, connection.zone):
            self.slowest[connection.zone] = now, took
        connection.accounts[account] = now
        if len(connection.accounts) > MAX_ACCOUNTS:
            self._leave(next(iter(connection.accounts)), connection)
        key = (connection.zone, connection.port)
        those = self.of_account.setdefault(account, {})
        those.pop(key, None)
        those[key] = connection
        if len(those) > MAX_OF_ACCOUNT:
            self._shut(those.pop(next(iter(those))))
        self.waiting.get(connection.zone, {}).pop(connection.port, None)
        for remembered, key in ((self.live, (connection.source, account)), (self.known, connection.source)):
            remembered.pop(key, None)
            remembered[key] = now
            self._bound(remembered, MAX_SOURCES)
        self.abandoned.pop(connection.source, None)

    def _lag(self, now, zone):
        """Returns the additional seconds for log-ins in a zone: the duration of its slowest recent log-in, or 0."""
        when, took = self.slowest.get(zone, (now, 0.0))
        return took if now - when < SLOW else 0.0

    def _refused(self, now, zone, port, connection, account):
        if connection is None:
            self._record("refused", zone=zone, zonePort=port, account=account, source=None)
            return
        source = connection.source
        for key in ((source, account), (source, None)):
            if key in self.locks:
                self.locks[key].refused += 1
                self._shut(connection)
                # HAProxy accepts a locked pair if the first message has another account in its From header.
                if (source, None) not in self.locks and connection.late_guesses < LATE_GUESSES:
                    connection.late_guesses += 1
                    self._count_refusal(now, source)
                return
        self._record("refused", zone=zone, account=account, source=source, sourcePort=connection.sourcePort)
        failures = self._count(self.failures, now, (source, account), WINDOW, self.limits.failuresPerAccount)
        if failures >= self.limits.failuresPerAccount:
            self._shut(connection)
            self._lock(now, (source, account), "refused log-ins of the account")
        if self._count_refusal(now, source):
            self._shut(connection)

    def _count_refusal(self, now, source):
        """Counts a refusal of a source. Returns whether the refusal has locked the source."""
        failures = self._count(self.failures, now, (source, None), WINDOW, self.limits.failuresPerSource)
        if failures < self.limits.failuresPerSource:
            return False
        self._lock(now, (source, None), "refused log-ins of the source")
        return True

    def _called(self, zone, account):
        """Keeps all connections open that may have the account's call.

        The connection of the call is not certain, so the call does not make the source known.
        """
        for connection in self.waiting.get(zone, {}).values():
            if connection.account == account:
                self._keep(connection)

    @staticmethod
    def _keep(connection):
        connection.calling = True
        connection.deadline = float("inf")

    def _blame(self, now, zone, accounts, grown, sent):
        """Divides failed log-ins among the connections of a zone, in proportion to the bytes that each has sent.

        `grown` has the connections that have sent bytes since the last count, and the number of these bytes.
        """
        account, _ = accounts.most_common(1)[0]
        # Connections without a log-in that ended before their bytes were counted.
        missed = [connection for port, connection in self.waiting.get(zone, {}).items()
                  if (zone, port) not in sent and not connection.missed and not connection.shut]
        whole = sum(size for _, size in grown) + len(missed) * LOG_IN
        left = guesses = accounts.total()
        for connection, size in grown:
            share = min(guesses * size / whole, size / REQUEST)
            left -= share
            self._suspect(now, connection, share, account)
        refusals = Counter()
        for connection in missed:
            connection.missed = True
            refusals[connection.source] += left / len(missed)
        for source, count in refusals.items():
            self._refuse(now, source, count)

    def _suspect(self, now, connection, share, account):
        """Assigns a share of failed log-ins to a connection. What exceeds the allowance counts as refusals."""
        connection.guesses += share
        allowance = GUESSES_LOGGED_IN if connection.accounts or connection.calling else GUESSES
        while connection.guesses >= allowance + 1 and not connection.shut:
            connection.guesses -= 1
            self._refused(now, connection.zone, connection.port, connection, account)
        # Drops the rest. These log-ins were on their way when the connection was closed.
        connection.guesses = min(connection.guesses, allowance + 1)

    def _settle(self, now, connection):
        """Counts as refusals the failed log-ins of a connection that has ended, minus the share of its own log-in."""
        own = LOG_IN / REQUEST if connection.accounts else 0
        self._refuse(now, connection.source, connection.guesses - own)
        connection.guesses = 0.0

    def _refuse(self, now, source, count):
        """Counts refusals of a source on connections that have ended."""
        for _ in range(int(count)):
            if (source, None) not in self.locks:
                self._count_refusal(now, source)

    def _abandon(self, now, connection):
        """Counts a connection that ended without a log-in, and locks its source if there were too many.

        Does not count if the source is known or locked, if the zone does not report log-ins, or if the connection may
        have a call.
        """
        source = connection.source
        if source in self.known or (source, None) in self.locks or connection.zone not in self.reporting:
            return
        if connection.calling:
            return
        if self._count(self.abandoned, now, source, MINUTE, ABANDONED) >= ABANDONED:
            self._lock(now, (source, None), "connections without a log-in")

    def _is_of_registered_phone(self, now, connection):
        """Returns whether a registered phone may have opened the connection for a call.

        chan_sip reports such a call without its connection.
        """
        return connection.account is not None and self.is_live(now, connection.source, connection.account)

    def _shut_waiting(self, now, connection):
        self._shut(connection)
        self.waiting[connection.zone].pop(connection.port, None)
        self._abandon(now, connection)

    def _make_room(self, now, zone, waiting, lag):
        """Closes connections without a log-in if the zone fills up. Begins with the source that has most of them."""
        idle = [each for each in waiting.values() if now - each.opened >= GRACE]
        strangers = [each for each in idle if each.source not in self.known]
        excess = min(self.open[zone] - PLACES // 2, len(strangers) - CROWD)
        self._thin_out(now, strangers, excess)
        idle = [each for each in idle if not each.shut and now - each.opened >= GRACE + lag]
        self._thin_out(now, idle, min(self.open[zone] - max(0, excess) - (PLACES - CROWD), len(idle) - CROWD))

    def _thin_out(self, now, connections, excess):
        """Closes `excess` of the connections: each time the oldest one of the source that has most of them."""
        if excess <= 0:
            return
        of_source = {}
        for connection in connections:
            of_source.setdefault(connection.source, deque()).append(connection)
        most = [(-len(those), source) for source, those in of_source.items()]
        heapq.heapify(most)
        for _ in range(excess):
            count, source = most[0]
            self._shut_waiting(now, of_source[source].popleft())
            heapq.heapreplace(most, (count + 1, source))

    def _lock(self, now, key, reason):
        times = [when for when in self.history.get(key, ()) if now - when < DAY]
        seconds = min(self.limits.lockTime * 2 ** len(times), DAY)
        times.append(now)
        self.history.pop(key, None)
        self.history[key] = times
        self._bound(self.history, MAX_SOURCES)
        self.changed = True
        self.failures.pop(key, None)
        self.locks.pop(key, None)
        self.locks[key] = Lock(now + seconds, reason, len(times))
        if len(self.locks) > MAX_LOCKS:
            self._unlock(min(self.locks, key=lambda other: self.locks[other].until), "too many locks")
        source, account = key
        self._record("lock", source=source, account=account, seconds=round(seconds), reason=reason,
                     times=len(times), restricted=self._has_live(now, source, account))
        for connection in [self.connections[other] for other in self.of_source.get(source, ())]:
            concerned = account is None or (connection.account == account and not connection.accounts)
            if concerned and not self._is_protected(now, connection):
                self._shut(connection)

    def _unlock(self, key, reason):
        self.changed = True
        lock = self.locks.pop(key)
        self._record("lift", source=key[0], account=key[1], reason=reason, refused=lock.refused)

    def _has_live(self, now, source, account):
        if account is not None:
            return self.is_live(now, source, account)
        return any(other == source and now - when < LIVE for (other, _), when in self.live.items())

    def _is_protected(self, now, connection):
        """Returns whether the connection may belong to a registered phone or have a call."""
        source = connection.source
        if connection.calling:
            return True
        if any(self.is_live(now, source, account) for account in (*connection.accounts, connection.account)):
            return True
        return connection.found and not connection.accounts and self._has_live(now, source, None)

    def _shut(self, connection):
        if not connection.shut:
            connection.shut = True
            self.shutting.append((connection.zone, connection.port))

    def _record(self, event, **what):
        self.records.append({"event": event, **what})

    def _forget(self, key):
        connection = self.connections.pop(key, None)
        if connection is None:
            return
        zone, port = key
        self.open[zone] -= 1
        if self.waiting.get(zone, {}).get(port) is connection:
            del self.waiting[zone][port]
        for account in list(connection.accounts):
            self._leave(account, connection)
        keys = self.of_source[connection.source]
        keys.discard(key)
        if not keys:
            del self.of_source[connection.source]

    def _leave(self, account, connection):
        del connection.accounts[account]
        key = (connection.zone, connection.port)
        those = self.of_account.get(account, {})
        if those.get(key) is connection:
            del those[key]
            if not those:
                del self.of_account[account]

    def _prune(self, now):
        for remembered, age in ((self.known, KNOWN), (self.live, LIVE)):
            for key in [key for key, when in remembered.items() if now - when >= age]:
                del remembered[key]
        for counted, age in ((self.failures, WINDOW), (self.abandoned, MINUTE), (self.history, DAY)):
            for key in [key for key, times in counted.items() if now - times[-1] >= age]:
                del counted[key]
        for key in [key for key, (_, when) in self.orphans.items() if now - when >= LIVE]:
            del self.orphans[key]
        for key in [key for key, when in self.calls.items() if now - when >= LIVE]:
            del self.calls[key]

    @staticmethod
    def _count(counted, now, key, window, most):
        """Adds an event of `key`. Returns the number of its events in the last `window` seconds, at most `most`."""
        times = counted.pop(key, None)
        if times is None or times.maxlen != most:
            times = deque(times or (), maxlen=most)
        times.append(now)
        while now - times[0] >= window:
            times.popleft()
        counted[key] = times
        Admission._bound(counted, 2 * MAX_SOURCES)
        return len(times)

    @staticmethod
    def _bound(remembered, most):
        while len(remembered) > most:
            del remembered[next(iter(remembered))]
