import { complaints } from "../../provider/asterisk-config";

const line = (level: string, rest: string): string =>
  `[2026-11-24 01:40:00.123] ${level}[1234]: ${rest}`;

describe("what Asterisk's log says of a file that it has read", () => {
  test.each([
    line("ERROR", "config_options.c:720 aco_process_var: Could not find option suitable for 'x'"),
    line(
      "ERROR",
      "res_sorcery_config.c:327 sorcery_config_internal_load: Could not create an object of type 'endpoint'",
    ),
    line("WARNING", "pbx_config.c:1927 pbx_load_config: No closing parenthesis found? line 30"),
    line("WARNING", "chan_sip.c:31934 build_peer: Invalid auth at line 12 of sip.conf"),
    line("ERROR", "res_pjsip/config_auth.c:130 auth_apply: No password for auth '1001'"),
  ])("%s", (complaint) => {
    expect(complaints(complaint)).toEqual([complaint.replace(/^.*\.c:\d+ \w+: /, "")]);
  });

  test.each([
    // A call that ended at the same moment.
    line(
      "WARNING",
      "chan_iax2.c:10449 socket_process_helper: Silently dropping frame without call",
    ),
    line("WARNING", "res_pjsip_registrar.c:1156 find_registrar_aor: AOR '' not found for endpoint"),
    line(
      "WARNING",
      "loader.c:2381 load_resource: Module 'codec_ulaw.so' already loaded and running.",
    ),
    line("NOTICE", "config.c:1 x: not a complaint"),
    "a line of something else",
  ])("not: %s", (noise) => {
    expect(complaints(noise)).toEqual([]);
  });
});
