"""Tests the decisions of trunkline-admission, without a network and with a simulated clock."""
import unittest
from dataclasses import replace

from decisions import (
    CROWD, DAY, GUESSES, GUESSES_LOGGED_IN, KNOWN, LATE_RECORD, LIVE, REREGISTER, Admission, Limits,
)

OFFICE, STRANGER = "203.0.113.7", "198.51.100.66"
LIMITS = Limits(loginTime=5, failuresPerAccount=3, failuresPerSource=8, lockTime=60)


class Exchange(Admission):
    """A controller with zone1, which reports log-ins. Each connection has the next port."""

    def __init__(self, limits=LIMITS):
        super().__init__(limits)
        self.reporter(0.0, "zone1", True)
        self.port = 10_000

    def connect(self, now, source, account=None, zone="zone1", **how):
        self.port += 1
        self.opened(now, source, 5060, zone, self.port, account, **how)
        return self.port

    def log_in(self, now, source, account):
        port = self.connect(now, source, account)
        self.report(now, "zone1", "accepted", account, port)
        return port

    def guess(self, now, source, account, times=1):
        port = self.connect(now, source, account)
        for _ in range(times):
            self.report(now, "zone1", "refused", account, port)
        return port

    def fail_log_ins(self, now, times, account="1001", event="challenged"):
        """Reports failed log-ins in zone1 without a port, as chan_sip does. `event` is challenged or refused."""
        for _ in range(times):
            self.report(now, "zone1", event, account, 0)

    def weigh_bytes(self, now, sent):
        """Reports the kernel's byte counts of zone1's connections, by port."""
        self.weigh(now, {("zone1", port): count for port, count in sent.items()})

    def ports(self):
        """Returns the ports of connections to close."""
        return [port for _, port in self.take()[0]]

    def events(self):
        return [record["event"] for record in self.take()[1]]

    def banned(self, now):
        return {(ban["source"], ban["account"]): ban["seconds"] for ban in self.bans(now)}


class GuessingTest(unittest.TestCase):
    def test_locks_a_pair_and_closes_its_connections_at_the_limit_of_refusals(self):
        exchange = Exchange()
        other = exchange.connect(1.0, OFFICE, "1001")
        colleague = exchange.connect(1.0, OFFICE, "1002")
        guessing = exchange.guess(1.0, OFFICE, "1001", times=2)
        self.assertEqual((exchange.banned(1.0), exchange.ports()), ({}, []))

        exchange.report(1.5, "zone1", "refused", "1001", guessing)

        self.assertEqual(exchange.banned(1.5), {(OFFICE, "1001"): 60})
        ports = exchange.ports()
        self.assertEqual(sorted(ports), [other, guessing])
        self.assertNotIn(colleague, ports)
        sources, pairs = exchange.maps(1.5)
        self.assertEqual((sources, pairs), ({"0.0.0.0/0": "unknown"}, {f"{OFFICE}/1001": "locked"}))

    def test_does_not_count_refusals_that_are_ten_minutes_old(self):
        exchange = Exchange()
        exchange.guess(0.0, OFFICE, "1001", times=2)
        exchange.guess(600.0, OFFICE, "1001", times=2)
        self.assertEqual(exchange.banned(600.0), {})

    def test_counts_refusals_of_a_locked_account_against_the_source(self):
        exchange = Exchange()
        exchange.guess(0.0, OFFICE, "1001", times=3)
        for _ in range(LIMITS.failuresPerSource - 3):
            port = exchange.connect(0.0, OFFICE, "1999")
            exchange.report(0.0, "zone1", "refused", "1001", port)
        self.assertEqual(exchange.banned(0.0), {(OFFICE, "1001"): 60, (OFFICE, None): 60})

    def test_counts_only_ten_late_guesses_of_each_connection_against_the_source(self):
        exchange = Exchange(replace(LIMITS, failuresPerSource=100))
        exchange.guess(0.0, OFFICE, "1001", times=500)
        self.assertEqual(exchange.banned(0.0), {(OFFICE, "1001"): 60})
        for _ in range(9):
            exchange.guess(1.0, OFFICE, "1001", times=500)
        self.assertIn((OFFICE, None), exchange.banned(1.0))

    def test_doubles_the_duration_with_each_lock_in_a_day_up_to_a_day(self):
        exchange, now, found = Exchange(replace(LIMITS, failuresPerSource=1000)), 0.0, []
        for _ in range(13):
            exchange.guess(now, OFFICE, "1001", times=3)
            found.append(exchange.banned(now)[OFFICE, "1001"])
            now += found[-1]
            exchange.tick(now)
            self.assertEqual(exchange.banned(now), {})
        self.assertEqual(found[:4], [60, 120, 240, 480])
        self.assertTrue(all(seconds <= DAY for seconds in found))
        exchange.guess(now + DAY, OFFICE, "1001", times=3)
        self.assertLessEqual(exchange.banned(now + DAY)[OFFICE, "1001"], 480)

    def test_restricts_a_pair_with_a_live_registration_and_closes_only_the_guessing_connection(self):
        exchange = Exchange()
        exchange.log_in(0.0, OFFICE, "1001")
        guessing = exchange.guess(1.0, OFFICE, "1001", times=3)
        self.assertEqual(exchange.ports(), [guessing])
        self.assertEqual(exchange.maps(1.0)[1], {f"{OFFICE}/1001": "restricted"})

    def test_locks_a_restricted_pair_when_its_registration_expires(self):
        exchange = Exchange(replace(LIMITS, lockTime=600))
        exchange.log_in(0.0, OFFICE, "1001")
        exchange.guess(1.0, OFFICE, "1001", times=3)
        exchange.tick(LIVE)
        self.assertEqual(exchange.maps(LIVE)[1], {f"{OFFICE}/1001": "locked"})

    def test_locks_a_source_except_for_its_registered_phones(self):
        exchange = Exchange()
        phone = exchange.log_in(0.0, OFFICE, "1001")
        visitor = exchange.connect(0.0, OFFICE, "1009")
        guessing = [exchange.guess(1.0, OFFICE, str(account)) for account in range(2000, 2008)]

        self.assertEqual(exchange.banned(1.0), {(OFFICE, None): 60})
        ports = exchange.ports()
        self.assertEqual(sorted(ports), sorted([visitor, *guessing]))
        self.assertNotIn(phone, ports)
        sources, pairs = exchange.maps(1.0)
        self.assertEqual((sources[OFFICE], pairs), ("restricted", {f"{OFFICE}/1001": "restricted"}))

    def test_locks_a_source_without_registered_phones_completely(self):
        exchange = Exchange()
        for account in range(2000, 2008):
            exchange.guess(1.0, STRANGER, str(account))
        self.assertEqual(exchange.maps(1.0), ({"0.0.0.0/0": "unknown", STRANGER: "locked"}, {}))

    def test_closes_connections_that_guess_during_a_lock_and_writes_no_record(self):
        exchange = Exchange()
        exchange.guess(0.0, STRANGER, "1001", times=3)
        exchange.take()
        again = exchange.guess(1.0, STRANGER, "1001")
        shutting, records = exchange.take()
        self.assertEqual((shutting, records), ([("zone1", again)], []))
        self.assertEqual(exchange.bans(1.0)[0]["refused"], 1)

    def test_records_each_refusal_and_the_start_and_end_of_a_lock(self):
        exchange = Exchange()
        exchange.guess(0.0, STRANGER, "1001", times=3)
        exchange.tick(60.0)
        self.assertEqual(exchange.events(), ["refused"] * 3 + ["lock", "lift"])

    def test_counts_all_invalid_account_names_as_one_account(self):
        exchange = Exchange()
        for name in ('1001"; drop', "x" * 65, "\n"):
            exchange.guess(0.0, STRANGER, name)
        self.assertEqual(list(exchange.banned(0.0)), [(STRANGER, "?")])
        self.assertEqual(exchange.maps(0.0)[1], {})

    def test_lifts_the_lock_of_a_pair_or_all_locks_of_a_source_and_forgets_earlier_locks(self):
        exchange = Exchange()
        exchange.guess(0.0, STRANGER, "1001", times=3)
        exchange.guess(0.0, STRANGER, "1002", times=3)
        self.assertEqual(exchange.lift(1.0, STRANGER, "1001"), [(STRANGER, "1001")])
        self.assertEqual(list(exchange.banned(1.0)), [(STRANGER, "1002")])
        self.assertEqual(exchange.lift(1.0, STRANGER, None), [(STRANGER, "1002")])
        self.assertEqual(exchange.lift(1.0, STRANGER, None), [])
        exchange.guess(2.0, STRANGER, "1001", times=3)
        self.assertEqual(exchange.banned(2.0), {(STRANGER, "1001"): 60})

    def test_records_no_source_for_a_refusal_on_an_unknown_connection(self):
        exchange = Exchange()
        exchange.report(0.0, "zone1", "refused", "1001", 999)
        self.assertEqual(exchange.take()[1], [
            {"event": "refused", "zone": "zone1", "zonePort": 999, "account": "1001", "source": None}])


class UnplacedTest(unittest.TestCase):
    """Tests failed log-ins without a port, which chan_sip reports."""

    def test_locks_the_pair_of_a_connection_whose_bytes_match_the_guesses(self):
        exchange = Exchange()
        phone, guessing = exchange.log_in(0.0, OFFICE, "1002"), exchange.connect(0.0, STRANGER, "5555")
        exchange.fail_log_ins(1.0, GUESSES + 3)
        exchange.weigh_bytes(1.0, {phone: 0, guessing: 300 * (GUESSES + 3)})
        self.assertEqual(exchange.banned(1.0), {(STRANGER, "1001"): 60})
        self.assertEqual(exchange.ports(), [guessing])

    def test_locks_only_the_pair_for_guesses_that_were_sent_before_the_lock(self):
        exchange = Exchange(replace(LIMITS, failuresPerSource=20))
        guessing = exchange.connect(0.0, STRANGER)
        exchange.fail_log_ins(1.0, 200)
        exchange.weigh_bytes(1.0, {guessing: 100_000})
        exchange.closed(1.1, [("zone1", guessing)])
        self.assertEqual(list(exchange.banned(1.1)), [(STRANGER, "1001")])

    def test_counts_refused_calls_and_unknown_names_too(self):
        exchange = Exchange()
        guessing = exchange.connect(0.0, STRANGER)
        exchange.fail_log_ins(1.0, GUESSES + 3, "nobody", event="refused")
        exchange.weigh_bytes(1.0, {guessing: 300 * (GUESSES + 3)})
        self.assertEqual(exchange.banned(1.0), {(STRANGER, "nobody"): 60})

    def test_does_not_lock_an_office_that_reconnects_while_another_source_guesses(self):
        exchange = Exchange(replace(LIMITS, failuresPerAccount=10, failuresPerSource=100))
        phones = [exchange.connect(0.0, OFFICE, str(1001 + number)) for number in range(250)]
        guessing = exchange.connect(0.0, STRANGER, "1001")
        exchange.fail_log_ins(0.2, 400)
        exchange.weigh_bytes(0.2, {guessing: 400 * 250, **{phone: 1500 for phone in phones}})
        self.assertEqual(list(exchange.banned(0.2)), [(STRANGER, "1001")])
        self.assertEqual(exchange.ports(), [guessing])

    def test_limits_the_guesses_of_a_connection_by_its_bytes(self):
        exchange = Exchange()
        phone = exchange.connect(0.0, OFFICE, "1001")
        exchange.fail_log_ins(1.0, 1000)
        exchange.weigh_bytes(1.0, {phone: 2000})
        self.assertEqual((exchange.banned(1.0), exchange.ports()), ({}, []))

    def test_does_not_count_earlier_bytes_or_bytes_of_other_zones(self):
        exchange = Exchange()
        phone, other = exchange.connect(0.0, OFFICE, "1001"), exchange.connect(0.0, OFFICE, zone="zone2")
        exchange.weigh_bytes(1.0, {phone: 100_000})
        found = exchange.connect(1.0, OFFICE, found=True)
        exchange.fail_log_ins(1.0, 1000)
        exchange.weigh(1.1, {("zone1", phone): 100_000, ("zone2", other): 100_000, ("zone1", found): 100_000})
        self.assertEqual((exchange.banned(1.1), exchange.ports()), ({}, []))

    def test_allows_a_registered_phone_more_failed_log_ins_between_two_registrations(self):
        exchange = Exchange(replace(LIMITS, lockTime=30))
        phone, sent = exchange.connect(0.0, OFFICE, "1001"), 0
        for now in (0.0, REREGISTER, 2 * REREGISTER):
            exchange.report(now, "zone1", "accepted", "1001", phone)
            exchange.fail_log_ins(now, GUESSES_LOGGED_IN, "1002")
            sent += 100_000
            exchange.weigh_bytes(now + 1, {phone: sent})
        self.assertEqual(exchange.banned(now + 1), {})

    def test_limits_a_user_who_guesses_passwords_of_others_between_repeated_registrations(self):
        exchange, sent = Exchange(), 0
        phone = exchange.log_in(0.0, OFFICE, "1001")
        for number in range(2):
            exchange.fail_log_ins(1.0 + number, GUESSES_LOGGED_IN - 10, "1002")
            sent += 100_000
            exchange.weigh_bytes(1.0 + number, {phone: sent})
            exchange.report(1.5 + number, "zone1", "accepted", "1001", phone)
        self.assertEqual(list(exchange.banned(3.0)), [(OFFICE, "1002")])
        self.assertEqual(exchange.ports(), [phone])

    def test_counts_guesses_of_connections_that_end_before_their_bytes_are_counted(self):
        exchange = Exchange()
        phone = exchange.log_in(0.0, OFFICE, "1001")
        for number in range(4):
            self.assertEqual(exchange.banned(1.0), {})
            for _ in range(2):
                exchange.connect(1.0, OFFICE)
            exchange.fail_log_ins(1.0, 3)
            exchange.weigh_bytes(1.0, {phone: 200 * number})
        self.assertEqual(list(exchange.banned(1.0)), [(OFFICE, None)])

    def test_does_not_lock_the_source_of_logged_in_connections_that_end_while_another_source_guesses(self):
        exchange = Exchange()
        for _ in range(LIMITS.failuresPerSource):
            phone, guessing = exchange.log_in(0.0, OFFICE, "1002"), exchange.connect(0.0, STRANGER)
            exchange.fail_log_ins(0.0, 20)
            exchange.weigh_bytes(0.5, {phone: 1_000, guessing: 5_000})
            exchange.closed(0.5, [("zone1", phone), ("zone1", guessing)])
        self.assertEqual({source for source, _ in exchange.banned(0.5)}, {STRANGER})

    def test_counts_guesses_of_connections_that_end_below_their_allowance(self):
        exchange = Exchange()
        for _ in range(2):
            port = exchange.connect(0.0, OFFICE)
            exchange.fail_log_ins(0.0, 5)
            exchange.weigh_bytes(0.1, {port: 5000})
            self.assertEqual(exchange.banned(0.1), {})
            exchange.closed(2.0, [("zone1", port)])
        self.assertEqual(list(exchange.banned(2.0)), [(OFFICE, None)])

    def test_counts_failed_log_ins_only_once(self):
        exchange = Exchange()
        guessing = exchange.connect(0.0, STRANGER)
        exchange.fail_log_ins(1.0, GUESSES)
        exchange.weigh_bytes(1.0, {guessing: 100_000})
        for number in range(10):
            exchange.weigh_bytes(1.0, {guessing: 200_000 * (number + 1)})
        self.assertEqual((exchange.banned(1.0), exchange.unplaced), ({}, {}))


class CallTest(unittest.TestCase):
    """Tests calls without a port, which chan_sip reports."""

    def test_keeps_the_connection_of_a_caller_open(self):
        exchange = Exchange()
        exchange.connect(0.0, OFFICE, "1001")
        other = exchange.connect(0.0, OFFICE, "1002")
        exchange.report(1.0, "zone1", "accepted", "1001", 0)
        exchange.tick(100_000.0)
        self.assertEqual(exchange.ports(), [other])

    def test_does_not_count_a_call_as_a_registration(self):
        exchange = Exchange()
        exchange.connect(0.0, STRANGER, "1001")
        exchange.report(1.0, "zone1", "accepted", "1001", 0)
        self.assertEqual(exchange.maps(1.0), ({"0.0.0.0/0": "unknown"}, {}))
        self.assertFalse(exchange.is_live(1.0, STRANGER, "1001"))
        self.assertEqual(exchange.orphans, {})

    def test_does_not_count_the_connection_of_a_call_as_one_without_a_log_in(self):
        exchange = Exchange()
        for _ in range(100):
            port = exchange.connect(0.0, STRANGER, "1001")
            exchange.report(0.5, "zone1", "accepted", "1001", 0)
            exchange.closed(1.0, [("zone1", port)])
        self.assertEqual(exchange.banned(1.0), {})

    def test_keeps_the_connection_of_a_call_open_when_its_source_is_locked(self):
        exchange = Exchange()
        calling = exchange.connect(0.0, OFFICE, "1001")
        exchange.report(1.0, "zone1", "accepted", "1001", 0)
        for account in range(2000, 2008):
            exchange.guess(1.0, OFFICE, str(account))
        self.assertIn((OFFICE, None), exchange.banned(1.0))
        self.assertNotIn(calling, exchange.ports())

    def test_closes_the_connection_of_a_caller_who_guesses_passwords(self):
        exchange = Exchange()
        calling = exchange.connect(0.0, STRANGER, "1001")
        exchange.report(1.0, "zone1", "accepted", "1001", 0)
        exchange.fail_log_ins(1.0, GUESSES_LOGGED_IN + 3)
        exchange.weigh_bytes(1.0, {calling: 100_000})
        self.assertEqual(exchange.ports(), [calling])

    def test_remembers_calls_after_a_restart(self):
        former, exchange = Exchange(), Exchange()
        calling = former.connect(0.0, OFFICE, "1001")
        former.report(1.0, "zone1", "accepted", "1001", 0)
        exchange.restore(7.0, former.snapshot(10.0))
        exchange.tick(7.0 + 60.0)
        exchange.opened(70.0, OFFICE, 5060, "zone1", calling, None, found=True)
        exchange.tick(70.0 + LIVE)
        self.assertEqual(exchange.ports(), [])

    def test_does_not_match_a_new_connection_to_a_call_from_before_a_restart(self):
        former, exchange = Exchange(), Exchange()
        calling = former.connect(0.0, OFFICE, "1001")
        former.report(1.0, "zone1", "accepted", "1001", 0)
        exchange.restore(7.0, former.snapshot(10.0))
        exchange.opened(8.0, STRANGER, 5060, "zone1", calling, None)
        exchange.tick(13.0)
        self.assertEqual(exchange.ports(), [calling])


class IdleTest(unittest.TestCase):
    def test_keeps_further_connections_of_a_phone_open_while_it_is_registered(self):
        exchange = Exchange()
        exchange.log_in(0.0, OFFICE, "1001")
        call, other = exchange.connect(1.0, OFFICE, "1001"), exchange.connect(1.0, OFFICE, "1002")
        exchange.tick(10.0)
        self.assertEqual(exchange.ports(), [other])
        exchange.tick(151.0)
        self.assertEqual(exchange.ports(), [call])

    def test_closes_a_connection_without_a_log_in_at_its_deadline(self):
        exchange = Exchange()
        idle = exchange.connect(0.0, OFFICE)
        exchange.log_in(0.0, OFFICE, "1001")
        exchange.tick(4.9)
        self.assertEqual(exchange.ports(), [])
        exchange.tick(5.0)
        self.assertEqual(exchange.ports(), [idle])
        exchange.tick(99.0)
        self.assertEqual(exchange.ports(), [])

    def test_extends_the_deadline_in_a_zone_with_slow_log_ins(self):
        exchange = Exchange()
        slow = exchange.connect(0.0, OFFICE, "1001")
        waiting = exchange.connect(1.0, OFFICE, "1002")
        exchange.report(4.0, "zone1", "accepted", "1001", slow)
        exchange.tick(8.9)
        self.assertEqual(exchange.ports(), [])
        # The slow log-in is more than SLOW seconds old.
        exchange.tick(9.1)
        self.assertEqual(exchange.ports(), [waiting])

    def test_extends_the_log_in_deadline_by_at_most_half_a_minute(self):
        exchange = Exchange()
        slow = exchange.connect(0.0, OFFICE, "1001")
        exchange.report(100.0, "zone1", "accepted", "1001", slow)
        waiting = exchange.connect(66.0, OFFICE, "1002")
        exchange.tick(101.1)
        self.assertEqual(exchange.ports(), [waiting])

    def test_keeps_connections_of_known_sources_open_in_a_nearly_full_zone_with_slow_log_ins(self):
        exchange = Exchange()
        for index in range(950):
            exchange.connect(0.0, OFFICE)
        exchange.report(2.0, "zone1", "accepted", "1001", exchange.port)
        exchange.tick(2.9)
        self.assertEqual(exchange.ports(), [])

    def test_limits_the_connections_of_an_account_from_all_sources(self):
        exchange = Exchange()
        first = [exchange.log_in(now, OFFICE, "1001") for now in range(2)]
        for now in range(6):
            exchange.log_in(2.0 + now, STRANGER, "1001")
        # A phone that registers again no longer has the oldest log-in.
        exchange.report(9.0, "zone1", "accepted", "1001", first[0])
        self.assertEqual(exchange.ports(), [])
        exchange.log_in(10.0, OFFICE, "1001")
        self.assertEqual(exchange.ports(), [first[1]])
        exchange.closed(11.0, [key for key in list(exchange.connections)])
        self.assertEqual(exchange.of_account, {})

    def test_remembers_at_most_sixteen_accounts_of_a_connection(self):
        exchange = Exchange()
        port = exchange.connect(0.0, OFFICE)
        for account in range(40):
            exchange.report(0.0, "zone1", "accepted", str(account), port)
        self.assertEqual(len(exchange.of_account), 16)
        exchange.closed(1.0, [("zone1", port)])
        self.assertEqual(exchange.of_account, {})

    def test_closes_no_connection_of_a_zone_that_does_not_report_and_records_this_once(self):
        exchange = Exchange()
        exchange.connect(0.0, OFFICE, zone="zone2")
        exchange.tick(5.0)
        exchange.tick(6.0)
        shutting, records = exchange.take()
        self.assertEqual((shutting, [record["event"] for record in records]), ([], ["unreported"]))

    def test_gives_earlier_connections_time_for_a_registration_when_a_zone_starts_to_report(self):
        exchange = Exchange()
        exchange.reporter(0.0, "zone1", False)
        port = exchange.connect(0.0, OFFICE)
        exchange.tick(10.0)
        exchange.reporter(10.0, "zone1", True)
        exchange.tick(10.0 + LIVE - 1)
        self.assertEqual(exchange.ports(), [])
        exchange.tick(10.0 + LIVE)
        self.assertEqual(exchange.ports(), [port])

    def test_locks_an_unknown_source_with_forty_connections_without_a_log_in_in_a_minute(self):
        exchange = Exchange()
        for at in (0.0, 10.0):
            for _ in range(20):
                exchange.connect(at, STRANGER)
            exchange.tick(at + 5.0)
        self.assertEqual(exchange.banned(15.0), {(STRANGER, None): 60})

    def test_counts_connections_that_end_before_their_deadline_too(self):
        exchange = Exchange()
        for _ in range(40):
            exchange.closed(1.0, [("zone1", exchange.connect(0.0, STRANGER))])
        self.assertEqual(exchange.banned(1.0), {(STRANGER, None): 60})

    def test_does_not_lock_a_known_source_for_connections_without_a_log_in_and_forgets_it_after_seven_days(self):
        exchange = Exchange()
        exchange.log_in(0.0, OFFICE, "1001")
        for _ in range(100):
            exchange.connect(100.0, OFFICE)
        exchange.tick(105.0)
        self.assertEqual(exchange.banned(105.0), {})
        exchange.tick(KNOWN)
        self.assertNotIn(OFFICE, exchange.maps(KNOWN)[0])

    def test_makes_room_by_closing_connections_of_the_unknown_source_with_the_most_connections(self):
        exchange = Exchange()
        for account in range(400):
            exchange.log_in(0.0, "203.0.113.8", str(account))
        few = [exchange.connect(0.0, STRANGER) for _ in range(10)]
        many = [exchange.connect(0.1, "198.51.100.67") for _ in range(CROWD)]
        phones = [exchange.connect(0.2, OFFICE) for _ in range(5)]
        late = exchange.connect(1.0, "198.51.100.67")
        exchange.tick(1.5)
        ports = exchange.ports()
        self.assertEqual(ports, many[:len(few + phones)])
        self.assertNotIn(late, ports)

    def test_accepts_all_phones_of_a_new_office_while_there_is_room(self):
        exchange = Exchange()
        for _ in range(400):
            exchange.connect(0.0, OFFICE)
        exchange.tick(1.0)
        self.assertEqual(exchange.ports(), [])

    def test_accepts_all_phones_of_a_known_office_that_connect_together(self):
        exchange = Exchange()
        exchange.log_in(0.0, OFFICE, "1001")
        for _ in range(500):
            exchange.connect(10.0, OFFICE)
        exchange.tick(12.0)
        self.assertEqual(exchange.ports(), [])

    def test_makes_room_in_a_full_zone_by_closing_connections_of_known_sources_too(self):
        exchange = Exchange()
        for account in range(700):
            exchange.log_in(0.0, OFFICE, str(account))
        idle = [exchange.connect(1.0, OFFICE) for _ in range(300)]
        exchange.tick(2.0)
        self.assertEqual(exchange.ports(), idle[:100])


class RestartTest(unittest.TestCase):
    def test_keeps_locks_their_history_and_known_sources(self):
        former, exchange = Exchange(), Exchange()
        former.log_in(1000.0, OFFICE, "1001")
        former.guess(1000.0, STRANGER, "1001", times=3)
        exchange.restore(7.0, former.snapshot(1020.0))
        self.assertEqual(exchange.banned(7.0), {(STRANGER, "1001"): 40})
        self.assertEqual(exchange.maps(7.0)[0][OFFICE], "known")
        self.assertTrue(exchange.is_live(7.0, OFFICE, "1001"))
        exchange.tick(47.0)
        exchange.guess(48.0, STRANGER, "1001", times=3)
        self.assertEqual(exchange.banned(48.0), {(STRANGER, "1001"): 120})

    def test_does_not_close_a_connection_whose_log_in_arrives_before_the_record_of_the_connection(self):
        exchange = Exchange()
        exchange.report(1.0, "zone1", "accepted", "1001", exchange.port + 1)
        exchange.connect(1.1, OFFICE, "1001")
        exchange.tick(1.1 + LIMITS.loginTime)
        self.assertEqual(exchange.ports(), [])

    def test_does_not_match_a_log_in_of_an_earlier_connection_to_a_later_one_from_the_same_port(self):
        exchange = Exchange()
        exchange.report(1.0, "zone1", "accepted", "1001", exchange.port + 1)
        port = exchange.connect(1.0 + LATE_RECORD, OFFICE, "1001")
        exchange.tick(1.0 + LATE_RECORD + LIMITS.loginTime)
        self.assertEqual(exchange.ports(), [port])

    def test_gives_a_connection_from_before_the_restart_time_for_another_registration(self):
        exchange = Exchange()
        port = exchange.connect(0.0, OFFICE, found=True)
        exchange.tick(LIVE - 1)
        self.assertEqual(exchange.ports(), [])
        exchange.tick(LIVE)
        self.assertEqual(exchange.ports(), [port])

    def test_matches_a_log_in_to_a_connection_from_before_the_restart_that_is_found_later(self):
        exchange = Exchange()
        exchange.report(0.0, "zone1", "accepted", "1001", exchange.port + 1)
        exchange.connect(1.0, OFFICE, found=True)
        exchange.tick(2 * LIVE)
        self.assertEqual(exchange.ports(), [])

    def test_does_not_match_an_earlier_log_in_to_a_new_connection_without_an_account_from_the_same_port(self):
        exchange = Exchange()
        exchange.report(0.0, "zone1", "accepted", "1001", exchange.port + 1)
        port = exchange.connect(1.0, STRANGER)
        exchange.tick(6.0)
        self.assertEqual(exchange.ports(), [port])


class BoundsTest(unittest.TestCase):
    def test_keeps_no_entries_of_a_port_that_was_used_again_and_closed(self):
        exchange = Exchange()
        for _ in range(1000):
            exchange.opened(0.0, STRANGER, 1, "zone1", 7, None)
        exchange.closed(1.0, [("zone1", 7)])
        self.assertEqual((exchange.connections, exchange.of_source, exchange.waiting["zone1"], exchange.open["zone1"]),
                         ({}, {}, {}, 0))

    def test_deletes_expired_counts_of_refusals(self):
        exchange = Exchange()
        for number in range(200):
            exchange.guess(0.0, f"10.0.0.{number}", "1001")
        exchange.tick(DAY + KNOWN)
        exchange.tick(DAY + KNOWN + 60.0)
        self.assertEqual((exchange.failures, exchange.abandoned, exchange.known, exchange.live), ({}, {}, {}, {}))


if __name__ == "__main__":
    unittest.main()
