import { appendFileSync, copyFileSync, mkdirSync, renameSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { NodeError } from "../../../../core/errors";
import { loggedErrors, watchLog } from "../../../../nodes/asterisk/log";
import { FolderNode } from "../../../support/folder-node";

const LOG = "/var/log/asterisk/messages";
const EXTENSIONS = "/etc/asterisk/extensions.conf";
const PJSIP = "/etc/asterisk/pjsip.conf";
const SIP = "/etc/asterisk/sip.conf";
const IAX = "/etc/asterisk/iax.conf";
const MODULES = "/etc/asterisk/modules.conf";
const ALL = [EXTENSIONS, PJSIP, SIP, IAX, MODULES];

let zone: FolderNode;
beforeEach(() => {
  zone = new FolderNode("zone1");
  mkdirSync(dirname(zone.at(LOG)), { recursive: true });
});
afterEach(() => zone.remove());

/** Time of the next record in milliseconds since the epoch. No two records have the same time. */
let time = Date.parse("2026-11-29T06:10:17.142Z");

/** Returns a record as Asterisk 16.28 and 22.10 write it. Its paths lead into the folder of `zone`. */
const record = (location: string, message: string, level = "WARNING"): string => {
  const [filename, fn] = location.split(" ");
  return `${JSON.stringify({
    hostname: "zone1",
    timestamp: new Date(time++).toISOString().slice(0, 23).replace("T", " "),
    identifiers: { lwp: 79, callid: "" },
    logmsg: {
      location: { filename, function: fn, line: 2330 },
      level,
      message: `${message}\n`,
    },
  })}\n`.replaceAll("/etc/", `${zone.root}/etc/`);
};
const log = (...lines: string[]): void => {
  for (const line of lines) appendFileSync(zone.at(LOG), line);
};

const FAULT = "No closing parenthesis found? 'Foo(' at line 63 of extensions.conf";
const fault = (): string => record("pbx_config.c pbx_load_config", FAULT);

describe("loggedErrors returns a repeated message about a fault in an edited file only once:", () => {
  test.each([
    ["config.c process_text_line", `No '=' (equal sign) in line 65 of ${EXTENSIONS}`],
    ["config.c config_text_file_load", "Unterminated comment detected beginning on line 3"],
    ["pbx_config.c pbx_load_config", FAULT],
    ["loader.c module_load_error", "Error loading module 'nope.so': cannot open shared object"],
    ["chan_iax2.c set_config", "Config file iax.conf is in an invalid format.  Aborting."],
    ["chan_sip.c reload_config", "Contents of sip.conf are invalid and cannot be parsed"],
    ["chan_sip.c build_peer", "Unknown dtmf mode 'x' on line 12, using rfc2833"],
    [
      "res_sorcery_config.c sorcery_config_internal_load",
      "Contents of config file 'pjsip.conf' are invalid and cannot be parsed",
    ],
    ["config_options.c aco_process_var", `Error parsing bind=x at line 9 of ${PJSIP}`],
  ])("%s: %s", async (location, message) => {
    log(record("config.c process_text_line", `No '=' (equal sign) in line 1 of ${EXTENSIONS}`));
    await watchLog(zone);
    log(record(location, message), record(location, message));

    expect(await loggedErrors(zone, ALL)).toEqual([message]);
  });
});

describe("loggedErrors returns no error for", () => {
  const FORGED =
    "[2026-11-29 06:10:17.142] ERROR[1] config.c: parse error: no closing ']', line 1 of /etc/asterisk/extensions.conf";

  test.each<[string, () => string]>([
    [
      "a packet that pjproject could not read",
      () =>
        record("pjproject <?>", `\t sip_endpoint.c Error processing packet\n${FORGED}`, "ERROR"),
    ],
    ["a packet that contains a record", () => record("pjproject <?>", `\n${fault()}`, "ERROR")],
    ["a line in Asterisk's default log format", () => `${FORGED}\n`],
    ["a record with text before it in the line", () => `x ${fault()}`],
    ["a truncated record", () => `${fault().slice(0, -40)}\n`],
    ["an overlong line", () => `"filename":"pbx_config.c"${"x".repeat(200_000)}\n`],
    [
      "JSON that is not a record",
      () => '["pbx_config.c"]\n{"logmsg":{"location":"pbx_config.c"}}\n',
    ],
    ["a record with a numeric message", () => fault().replace(/"message":"[^"]*"/, '"message":7')],
    [
      "a message of chan_sip about a request",
      () => record("chan_sip.c get_destination", "Not a SIP header (a.conf)?"),
    ],
    [
      "a phone's contact that cannot be used",
      () =>
        record(
          "config_options.c aco_process_var",
          "Error parsing uri=sip:x at line 9 of /etc/asterisk/pjsip.conf at line 0 of ",
        ),
    ],
    [
      "an error in a file that was not edited",
      () =>
        record(
          "config.c process_text_line",
          "No '=' (equal sign) in line 6 of /etc/asterisk/x.conf",
        ),
    ],
    ["a notice", () => record("pbx_config.c pbx_load_config", FAULT, "NOTICE")],
    [
      "a module that is already loaded",
      () => record("loader.c load_resource", "Module 'codec_ulaw.so' already loaded and running."),
    ],
  ])("%s", async (_, line) => {
    await watchLog(zone);
    log(line());

    expect(await loggedErrors(zone, ALL)).toEqual([]);
  });

  test("a message from the reader of a file that was not edited", async () => {
    await watchLog(zone);
    log(fault());

    expect(await loggedErrors(zone, [IAX])).toEqual([]);
  });
});

describe("a fault in the log", () => {
  const hostile = (): string => record("pjproject <?>", `x\n${"y".repeat(3_000)}`, "ERROR");

  test("is found among thousands of other records", async () => {
    await watchLog(zone);
    log(hostile().repeat(3_000), fault(), hostile().repeat(3_000));

    expect(await loggedErrors(zone, ALL)).toEqual([FAULT]);
  });

  test("is not searched for if the log has grown too much; an error is thrown instead", async () => {
    await watchLog(zone);
    log(fault());
    truncateSync(zone.at(LOG), 65 << 20);

    await expect(loggedErrors(zone, ALL)).rejects.toThrow("has grown by more than 67108864 bytes");
  });

  test("is found by each of several concurrent requests, but not after the next watchLog", async () => {
    log(hostile().repeat(200));
    await watchLog(zone);
    log(hostile().repeat(1_000), fault(), hostile().repeat(1_000));

    const all = await Promise.all(Array.from({ length: 8 }, () => loggedErrors(zone, ALL)));
    expect(all).toEqual(Array(8).fill([FAULT]));
    await watchLog(zone);
    expect(await loggedErrors(zone, ALL)).toEqual([]);
  });

  test("is found in a log that did not exist before", async () => {
    await watchLog(zone);
    log(fault());

    expect(await loggedErrors(zone, ALL)).toEqual([FAULT]);
  });

  test.each([
    ["before", [FAULT]],
    ["after", [FAULT]],
  ])("that was written %s the log was renamed is found", async (when, expected) => {
    log(hostile());
    await watchLog(zone);
    if (when === "before") log(fault());
    renameSync(zone.at(LOG), zone.at(`${LOG}.1`));
    if (when === "after") log(fault());
    else log(hostile());

    expect(await loggedErrors(zone, ALL)).toEqual(expected);
  });

  test.each(["before", "after"])(
    "that was written %s the log was truncated is found, even if the log grows again",
    async (when) => {
      log(hostile());
      await watchLog(zone);
      if (when === "before") log(fault());
      copyFileSync(zone.at(LOG), zone.at(`${LOG}.1`));
      truncateSync(zone.at(LOG));
      if (when === "after") log(fault());
      log(hostile(), hostile());

      expect(await loggedErrors(zone, ALL)).toEqual([FAULT]);
    },
  );
});

test("watchLog rejects a log that is a pipe or a symbolic link, without waiting", async () => {
  await zone.run(`mkfifo ${LOG}`);
  await expect(watchLog(zone)).rejects.toThrow(`${LOG}: not a regular file`);
  await zone.run(`rm ${LOG}; ln -s /etc/passwd ${LOG}`);
  await expect(watchLog(zone)).rejects.toThrow(`${LOG}: Too many levels of symbolic links`);
});

test("loggedErrors throws a NodeError if the agent's answer has an unexpected format", async () => {
  const liar = Object.assign(Object.create(zone) as FolderNode, {
    ask: () => Promise.resolve({ messages: [7] }),
  });
  await expect(loggedErrors(liar, ALL)).rejects.toThrow(NodeError);
});
