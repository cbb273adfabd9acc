import { complaints } from "../../provider/asterisk-config";

const line = (level: string, rest: string): string =>
  `[2026-11-24 01:40:00.123] ${level}[1234] ${rest}`;

describe("what Asterisk's log says of a file that it has read", () => {
  test.each([
    line("ERROR", "config_options.c: Could not find option suitable for 'x'"),
    line("ERROR", "res_sorcery_config.c: Could not create an object of type 'endpoint'"),
    line("WARNING", "pbx_config.c: No closing parenthesis found? line 30"),
    line("WARNING", "chan_sip.c: Invalid auth at line 12 of sip.conf"),
    line(
      "WARNING",
      "config.c: Inheritance requested, but category 'x' does not exist, line 150 of /etc/asterisk/pjsip.conf",
    ),
    line("ERROR", "res_sorcery_config.c: Contents of config file 'pjsip.conf' are invalid"),
    line("WARNING", "pbx_config.c: Invalid priority/label '' at line 49 of extensions.conf"),
    line("ERROR", "chan_iax2.c: Config file iax.conf is in an invalid format.  Aborting."),
    line("ERROR", "res_pjsip/config_auth.c: No password for auth '1001'"),
  ])("%s", (complaint) => {
    expect(complaints(complaint)).toEqual([complaint.replace(/^.*?\.c: /, "")]);
  });

  test.each([
    // A call that ended at the same moment.
    line("WARNING", "chan_iax2.c: Silently dropping frame without call"),
    line("WARNING", "res_pjsip_registrar.c: AOR '' not found for endpoint"),
    line("WARNING", "loader.c: Module 'codec_ulaw.so' already loaded and running."),
    line("NOTICE", "config.c: not a complaint"),
    "a line of something else",
  ])("not: %s", (noise) => {
    expect(complaints(noise)).toEqual([]);
  });
});
