"""Tests the parsers of trunkline-admission for HAProxy's records and answers and for reports of zones."""
import unittest

from haproxy import connection_of, dead_zones_of, orders_for, sessions_of, workers_of
from reports import greeting_of, report_of

RECORD = (
    b'<30>1 2026-11-29T06:11:43.748417+00:00 - haproxy 13 - [connection@0 source="203.0.113.7" sourcePort="60378"'
    b' zone="zone1" zonePort="47630" account="%s"] 203.0.113.7:60378 [29/Nov/2026:06:11:43.748] localnodes nodes/zone1'
)

# Shortened output of `show sess all`: a phone, a phone with an incomplete request, and the `show sess` command itself.
SESSIONS = """\
0x7f11ccf59c00: [29/Nov/2026:06:29:41.511901] id=0 proto=tcpv4 source=203.0.113.7:43306
  frontend=localnodes (id=3 mode=tcp), listener=? (id=1) addr=192.168.0.254:5060
  backend=nodes (id=4 mode=tcp) addr=192.168.0.254:38852
  server=zone1 (id=1) addr=192.168.0.2:5060
0x7f11ccf59d00: [29/Nov/2026:06:29:41.511901] id=0 proto=tcpv4 source=203.0.113.8:43307
  frontend=localnodes (id=3 mode=tcp), listener=? (id=1) addr=192.168.0.254:5060
  backend=localnodes (id=3 mode=tcp)
  server=<none> (id=-1)
0x7f11ccffe000: [29/Nov/2026:06:29:41.820127] id=1 proto=sockpair source=unix:2
  frontend=GLOBAL (id=0 mode=tcp), listener=? (id=2)
  backend=<NONE> (id=-1 mode=-)
  server=<NONE> (id=-1)
"""


class HaproxyTest(unittest.TestCase):
    def test_reads_a_record_of_a_connection(self):
        self.assertEqual(connection_of(RECORD % b"1001"), ("203.0.113.7", 60378, "zone1", 47630, "1001"))
        self.assertEqual(connection_of(RECORD % b"-")[4], None)

    def test_ignores_invalid_records_and_records_without_a_zone(self):
        for record in (b"", b"\xff", RECORD % b'1"', RECORD.replace(b'"zone1"', b'"<NOSRV>"') % b"-"):
            self.assertIsNone(connection_of(record))

    def test_distinguishes_pre_reload_workers(self):
        processes = (
            "#<PID>          <type>          <reloads>       <uptime>        <version>\n"
            "11              master          1 [failed: 0]   0d00h00m01s     3.0.11\n"
            "# workers\n14              worker          0               0d00h00m01s     3.0.11\n"
            "# old workers\n12              worker          1               0d00h01m01s     3.0.11\n# programs\n"
        )
        self.assertEqual(workers_of(processes), ("14", ["12"]))
        self.assertEqual(workers_of(""), (None, []))

    def test_finds_dead_zones_except_those_in_maintenance(self):
        rows = [f"4 nodes {index} zone{index} 192.168.0.2 {operational} {administrative} 1 1 9 6 3 0 6"
                for index, (operational, administrative) in enumerate([(2, 0), (0, 0), (0, 8), (0, 1)])]
        self.assertEqual(dead_zones_of("\n".join(["1", "# be_id be_name", *rows, ""])), ["zone1", "zone2"])

    def test_changes_only_the_differences_of_a_map(self):
        former, wanted = {"a": "known", "b": "known", "c": "locked"}, {"a": "known", "b": "locked", "d": "known"}
        self.assertEqual(orders_for("m", former, wanted),
                         ["del map m c", "set map m b locked", "add map m <<\nd known\n"])

    def test_reads_the_sessions_of_phones(self):
        self.assertEqual(list(sessions_of(SESSIONS)), [("203.0.113.7", 43306, "zone1", 38852)])


class ReportsTest(unittest.TestCase):
    def test_reads_valid_lines_of_a_zone(self):
        self.assertEqual(greeting_of('{"event":"hello","zone":"zone1"}'), "zone1")
        self.assertIsNone(report_of('{"event":"alive"}'))
        self.assertIsNone(report_of('{"event":"dropped","count":12}'))
        self.assertEqual(report_of('{"event":"refused","account":"1001","port":54321,"service":"register"}'),
                         ("refused", "1001", 54321))

    def test_rejects_invalid_lines(self):
        for line in (
            "", "[]", "null", "{", '"alive"', "\xff", "[" * 900, '{"event":"hello"}', '{"event":"lock"}',
            '{"event":"refused","account":1001,"port":1,"service":"call"}',
            '{"event":"refused","account":"1","port":true,"service":"call"}',
            '{"event":"refused","account":"1","port":65536,"service":"call"}',
            '{"event":"refused","account":"1","port":-1,"service":"call"}',
            '{"event":"refused","account":"1","port":1,"service":"call","more":1}',
            '{"event":"shut","account":"1","port":1,"service":"call"}',
        ):
            with self.subTest(line), self.assertRaises((ValueError, RecursionError)):
                report_of(line)
            with self.subTest(line), self.assertRaises((ValueError, RecursionError)):
                greeting_of(line)
