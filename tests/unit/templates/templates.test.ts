import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, relative } from "node:path";
import { z } from "zod";
import { ROOT } from "../../../core/paths";
import type { SipDriver } from "../../../core/telephony";
import { renderControllerFiles } from "../../../templates/controller-files";
import { template } from "../../../templates/engine";
import { renderExtensionsConf } from "../../../templates/extensions.conf";
import type { NodeFile } from "../../../templates/node-file";
import { UNUSED_PARTS } from "../../../templates/unused";
import { renderZoneFiles } from "../../../templates/zone-files";
import { expectGolden } from "../../support/golden";
import { readAsteriskConf, type Section, settingsOf } from "../../support/ini";
import { type LookUp, sqlite, type Table } from "../../support/users-sql";
import { controllerOf, zone1Of } from "../../support/zone-context";

const DRIVERS: readonly SipDriver[] = ["chan_sip", "pjsip"];

const content = (files: readonly NodeFile[], name: string): string =>
  files.find(({ path }) => basename(path) === name)?.content ?? "";

const conf = (zoneCount: number, name: string, driver: SipDriver = "pjsip"): Section[] =>
  readAsteriskConf(content(renderZoneFiles(zone1Of(zoneCount, driver)), name));

/** Returns the steps of the dialplan's `context`, such as `Dial(…)`, without patterns, priorities and labels. */
function dialplan(zoneCount: number, context: string, driver: SipDriver = "pjsip"): string[] {
  const section = conf(zoneCount, "extensions.conf", driver).find(({ name }) => name === context);
  return (section?.settings ?? []).map(([, value]) => value.replace(/^.*?[0-9n](\(\w+\))?,/, ""));
}

describe("golden files", () => {
  test.each([
    ["zone1-of-3-chan_sip", renderZoneFiles(zone1Of(3, "chan_sip"))],
    ["zone1-of-3-pjsip", renderZoneFiles(zone1Of(3, "pjsip"))],
    ["zone1-alone", renderZoneFiles(zone1Of(1))],
    ["controller-of-3", renderControllerFiles(controllerOf(3))],
  ])("are equal to the rendered files: %s", (name, files) => {
    const folder = join(__dirname, "golden", name);
    for (const file of files) {
      expectGolden(join(folder, basename(file.path)), file.content);
    }
    expect(readdirSync(folder).sort()).toEqual(files.map(({ path }) => basename(path)).sort());
  });
});

describe("the files of a node, except its base files,", () => {
  test.each(DRIVERS)("in a zone with %s do not include those of the other driver", (driver) => {
    expect(renderZoneFiles(zone1Of(3, driver)).map(({ path }) => path)).toEqual([
      "/etc/trunkline/node.json",
      "/etc/asterisk/asterisk.conf",
      "/etc/asterisk/modules.conf",
      "/etc/asterisk/logger.conf",
      "/etc/asterisk/cdr.conf",
      "/etc/asterisk/stasis.conf",
      "/etc/asterisk/rtp.conf",
      "/etc/asterisk/pjproject.conf",
      ...(driver === "chan_sip"
        ? ["sip.conf"]
        : [
            "pjsip.conf",
            "sorcery.conf",
            "cli.conf",
            "extconfig.conf",
            "res_config_sqlite3.conf",
            "users.sql",
          ]
      ).map((name) => `/etc/asterisk/${name}`),
      "/etc/asterisk/iax.conf",
      "/etc/asterisk/extensions.conf",
      "/etc/trunkline/report-logins.json",
      ...Object.keys(UNUSED_PARTS).map((name) => `/etc/asterisk/${name}`),
    ]);
  });

  test("are node.json, haproxy.cfg and limits.json on the controller", () => {
    expect(renderControllerFiles(controllerOf(1)).map(({ path }) => path)).toEqual([
      "/etc/trunkline/node.json",
      "/etc/haproxy/haproxy.cfg",
      "/etc/trunkline/limits.json",
    ]);
  });

  test("are readable only by root and by the service that reads them", () => {
    const files = [...renderZoneFiles(zone1Of(3)), ...renderControllerFiles(controllerOf(3))];
    for (const { path, owner, mode } of files) {
      const folder = path.split("/")[2];
      const service = path.endsWith("/limits.json") ? "haproxy" : folder;
      expect([path, owner, mode]).toEqual([
        path,
        service === "trunkline" ? "root:root" : `root:${String(service)}`,
        "0640",
      ]);
    }
  });

  test.each([
    ["missing", { users: undefined }],
    ["null", { address: null }],
    ["malformed", { fixedIp: "192.168.0" }],
  ])("are not rendered if a field of the context is %s", (_, change) => {
    const context = { ...zone1Of(1), ...change } as unknown as ReturnType<typeof zone1Of>;
    const [field = ""] = Object.keys(change);
    expect(() => renderZoneFiles(context)).toThrow(`the context is not valid: ${field}: `);
  });

  test.each(["{{field}}", "{{value field}}", "{{#if field}}{{/if}}", "{{#each field}}{{/each}}"])(
    "are not rendered if a template has %s and the context has no `field`",
    (text) => {
      const folder = mkdtempSync(join(tmpdir(), "trunkline-template-"));
      try {
        writeFileSync(join(folder, "a.hbs"), text);
        const render = template(join("..", relative(ROOT, folder), "a.hbs"), z.strictObject({}));
        expect(() => render({})).toThrow(/field/);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );
});

describe("the dialplan", () => {
  test.each(DRIVERS)("dials no zone for a call from the trunk, to avoid loops (%s)", (driver) => {
    const reachable = ["from-trunk", "local", "silence"].flatMap((name) =>
      dialplan(3, name, driver),
    );
    expect(reachable.filter((step) => step.includes("Dial("))).toHaveLength(1);
    expect(reachable.filter((step) => step.includes("IAX2/"))).toEqual([]);
  });

  test.each(["from-users", "from-trunk"])("accepts only 1 to 15 digits in %s", (context) => {
    const settings = (name: string): readonly (readonly [string, string])[] =>
      conf(3, "extensions.conf").find((section) => section.name === name)?.settings ?? [];
    expect(settings(context).filter(([, value]) => /^[^,]*,1,/.test(value))).toEqual([]);
    expect(settings(context)[0]).toEqual(["include", "number"]);
    const digits = Array.from({ length: 15 }, (_, index) => `_${"X".repeat(index + 1)}`);
    expect(settings("number")).toEqual(digits.map((pattern) => ["exten", `${pattern},1,NoOp()`]));
  });

  test("dials a user in the caller's zone first, then in all other zones at the same time", () => {
    const steps = dialplan(3, "from-users");
    expect(steps.slice(0, 5)).toEqual([
      "number",
      "Gosub(admit,${EXTEN},1)",
      "Gosub(local,${EXTEN},1)",
      "GotoIf($[${GOSUB_RETVAL} != 20]?end)",
      "Gosub(trunk,${EXTEN},1)",
    ]);
    expect(dialplan(3, "trunk")).toContain("Dial(IAX2/zone2/${EXTEN}&IAX2/zone3/${EXTEN},60,i)");
  });

  test("dials no trunk if there is only one zone", () => {
    expect(dialplan(1, "from-users")).not.toContain("Gosub(trunk,${EXTEN},1)");
    expect(conf(1, "extensions.conf").map(({ name }) => name)).not.toContain("trunk");
  });

  test.each(DRIVERS)("puts only digits from a SIP request into a dial string (%s)", (driver) => {
    const text = content(renderZoneFiles(zone1Of(3, driver)), "extensions.conf");
    const dialled = Array.from(text.matchAll(/\bDial\((.*)\)$/gm), ([, dial = ""]) => dial);
    expect(dialled).toHaveLength(2);
    for (const dial of dialled) {
      // Devices with the dialled number, which has only digits, then the timeout and option `i` (ignore redirects).
      expect(dial).toMatch(/^(((PJ)?SIP|IAX2\/zone\d)\/\$\{EXTEN\}&?)+,60,i$/);
    }
  });

  test.each([
    [30, 2],
    [7, 8.571],
    [1_000_000, 0],
  ])("for a limit of %i calls per minute counts each call as %d s", (callsPerMinute, seconds) => {
    const text = renderExtensionsConf({ ...zone1Of(1), callsPerMinute });
    expect(text).toContain(`Set(EMPTY=$[\${EMPTY} + ${String(seconds)}])`);
    expect(seconds * callsPerMinute).toBeLessThanOrEqual(60);
  });

  test("sends unknown callers only to the context that refuses them", () => {
    expect(conf(3, "extensions.conf").find(({ name }) => name === "refuse")?.settings).toEqual([
      ["exten", "s,1,Hangup(21)"],
    ]);
    expect(settingsOf(conf(3, "sip.conf", "chan_sip"), "general")).toMatchObject({
      context: "refuse",
      allowguest: "no",
      alwaysauthreject: "yes",
    });
    expect(settingsOf(conf(3, "pjsip.conf"), "healthcheck").context).toBe("refuse");
  });

  test.each([
    ["chan_sip", "SIP/${EXTEN}"],
    ["pjsip", "PJSIP/${EXTEN}"],
  ] as const)("rings a user with %s at %s", (driver, device) => {
    expect(dialplan(2, "local", driver)).toContain(`Dial(${device},60,i)`);
  });

  test("has every context and label that a step jumps to", () => {
    const sections = conf(3, "extensions.conf");
    const contexts = sections.map(({ name }) => name);
    const text = content(renderZoneFiles(zone1Of(3)), "extensions.conf");
    for (const [, context = ""] of text.matchAll(/(?:Gosub\(|\?)(\w+),/g)) {
      expect(contexts).toContain(context);
    }
    for (const [, label = ""] of text.matchAll(/\?(\w+)\)/g)) {
      expect(text).toContain(`n(${label})`);
    }
  });
});

describe("the trunk", () => {
  test("has one peer for each other zone, with the secret of the pair", () => {
    const peers = conf(3, "iax.conf").filter(({ template }) => template === "zone");
    expect(peers.map(({ name, settings }) => [name, Object.fromEntries(settings)])).toEqual(
      [2, 3].map((number) => [
        `zone${String(number)}`,
        {
          host: `192.168.0.${String(number + 1)}`,
          permit: `192.168.0.${String(number + 1)}/255.255.255.255`,
          username: "zone1",
          secret: `secret-of-zone1-and-zone${String(number)}`,
        },
      ]),
    );
  });

  test("encrypts and authenticates the calls of every peer, and sends them to from-trunk", () => {
    expect(settingsOf(conf(2, "iax.conf"), "zone", "!")).toMatchObject({
      context: "from-trunk",
      auth: "md5",
      encryption: "aes128",
      forceencryption: "yes",
      trunk: "no",
      qualify: "yes",
      deny: "0.0.0.0/0.0.0.0",
    });
  });

  test("listens only in the trunk network, with the port set before the address", () => {
    expect(conf(2, "iax.conf")[0]?.settings.slice(0, 2)).toEqual([
      ["bindport", "4569"],
      ["bindaddr", "192.168.0.2"],
    ]);
  });
});

describe("SIP", () => {
  let load: (text: string) => LookUp;
  beforeAll(async () => {
    load = await sqlite();
  });
  const users = (): LookUp => load(content(renderZoneFiles(zone1Of(2)), "users.sql"));

  test("signaling returns through the controller, and media goes directly to the zone", () => {
    expect(settingsOf(conf(2, "sip.conf", "chan_sip"), "general")).toMatchObject({
      externaddr: "198.51.100.10",
      media_address: "198.51.100.11",
      localnet: "127.0.0.1/255.255.255.255",
      directmedia: "no",
    });
    const pjsip = conf(2, "pjsip.conf");
    expect(settingsOf(pjsip, "tcp")).toMatchObject({
      external_signaling_address: "198.51.100.10",
      external_media_address: "198.51.100.11",
      local_net: "192.168.0.2/32",
    });
    expect(users()("ps_endpoints", "1001")).toMatchObject({
      media_address: "198.51.100.11",
      direct_media: "no",
      rewrite_contact: "yes",
    });
  });

  test("listens only on the zone's fixed IP, and uses TCP", () => {
    expect(settingsOf(conf(2, "sip.conf", "chan_sip"), "general")).toMatchObject({
      transport: "tcp",
      tcpbindaddr: "192.168.0.2:5060",
      udpbindaddr: "192.168.0.2:5060",
    });
    expect(settingsOf(conf(2, "pjsip.conf"), "tcp")).toMatchObject({
      protocol: "tcp",
      bind: "192.168.0.2:5060",
    });
  });

  test("registrations expire after one minute at most", () => {
    expect(settingsOf(conf(2, "sip.conf", "chan_sip"), "general").maxexpiry).toBe("60");
    expect(users()("ps_aors", "1001")?.maximum_expiration).toBe("60");
  });

  test("with chan_sip has a secret and a caller ID for each user", () => {
    const sections = conf(2, "sip.conf", "chan_sip");
    expect(settingsOf(sections, "1001", "user")).toEqual({
      secret: "secret-of-1001",
      accountcode: "1001",
      callerid: '"Alice Example" <1001>',
    });
    expect(settingsOf(sections, "1002", "user")).toEqual({
      secret: "secret-of-1002",
      accountcode: "1002",
      callerid: '"1002" <1002>',
    });
  });

  test("with PJSIP has an endpoint and an auth for each user, and nothing for other extensions", () => {
    const lookUp = users();
    expect(lookUp("ps_endpoints", "1001")).toMatchObject({
      auth: "1001",
      aors: "1001",
      accountcode: "1001",
      callerid: '"Alice Example" <1001>',
      allow: zone1Of(2).codecs.join(","),
    });
    expect(lookUp("ps_endpoints", "1002")).toMatchObject({ callerid: '"1002" <1002>' });
    expect(lookUp("ps_auths", "1001")).toMatchObject({
      username: "1001",
      password: "secret-of-1001",
    });
    for (const table of ["ps_endpoints", "ps_auths", "ps_aors"] as const) {
      expect(lookUp(table, "1999")).toBeNull();
    }
  });

  test("with PJSIP has everything in the database that sorcery.conf looks up there", () => {
    const settings = (name: string): (readonly [string, string])[] =>
      conf(1, name).flatMap((section) => section.settings);
    const realtime = settings("sorcery.conf").flatMap(([, value]) => {
      const [, family] = /^realtime,(.+)$/.exec(value) ?? [];
      return family === undefined ? [] : [family];
    });
    expect(settings("extconfig.conf")).toEqual(realtime.map((name) => [name, "sqlite3,users"]));
    for (const family of realtime) expect(users()(family as Table, "1001")).not.toBeNull();
  });

  test("with PJSIP has startup commands that set timer B to 300 s, and change no other system setting", () => {
    const commands = Object.keys(settingsOf(conf(1, "cli.conf"), "startup_commands"));
    const [, object = ""] =
      /^database put trunkline\/system system (.*)$/.exec(commands[0] ?? "") ?? [];
    const { type, ...atStart } = settingsOf(conf(1, "pjsip.conf"), "system");
    expect(type).toBe("system");
    expect(JSON.parse(object.replaceAll('\\"', '"'))).toEqual({ ...atStart, timer_b: "300000" });
    expect(commands.slice(1)).toEqual([
      "pjsip show settings",
      "database del trunkline/system system",
    ]);
    expect(settingsOf(conf(1, "sorcery.conf"), "res_pjsip").system).toBe("astdb,trunkline");
  });

  test("with PJSIP has a valid database even if there are no users", () => {
    const text = content(renderZoneFiles({ ...zone1Of(1), users: [] }), "users.sql");
    expect(load(text)("ps_endpoints", "1001")).toBeNull();
  });
});

describe("the modules", () => {
  const modules = (driver: SipDriver, codecs = zone1Of(1).codecs): string[] => {
    const text = content(renderZoneFiles({ ...zone1Of(1, driver), codecs }), "modules.conf");
    return readAsteriskConf(text)
      .flatMap(({ settings }) => settings)
      .flatMap(([key, value]) => (key === "load" ? [value] : []));
  };

  test.each(DRIVERS)("include %s without the other driver, which also uses port 5060", (driver) => {
    const drivers = modules(driver).filter((name) => /^chan_(sip|pjsip)\.so$/.test(name));
    expect(drivers).toEqual([`chan_${driver.replace("chan_", "")}.so`]);
  });

  test.each(DRIVERS)("are not loaded twice (%s)", (driver) => {
    expect(new Set(modules(driver)).size).toBe(modules(driver).length);
  });

  test.each([
    ["pjsip", ["modules", "modules-pjsip"]],
    ["chan_sip", ["modules"]],
  ] as const)("with %s include the optional module lists of the image", (driver, lists) => {
    const included = readAsteriskConf(
      content(renderZoneFiles(zone1Of(1, driver)), "modules.conf"),
    ).flatMap(({ settings }) => settings.filter(([key]) => key === "#tryinclude"));
    expect(included.map(([, path]) => path)).toEqual(
      lists.map((name) => `/usr/lib/trunkline/${name}.conf`),
    );
  });

  test("include a translator for each codec", () => {
    const translators = modules("pjsip", ["gsm", "g722"]).filter((name) =>
      name.startsWith("codec_"),
    );
    expect(translators).toEqual(["codec_gsm.so", "codec_g722.so"]);
  });

  test("are not loaded automatically", () => {
    expect(settingsOf(conf(1, "modules.conf"), "modules").autoload).toBe("no");
  });
});

describe("HAProxy", () => {
  const lines = (text: string): string[] => text.split("\n").map((line) => line.trim());
  const cfg = (zoneCount: number, balance = controllerOf(1).balance): string[] =>
    lines(content(renderControllerFiles({ ...controllerOf(zoneCount), balance }), "haproxy.cfg"));

  test("has a server for each zone, with the name of the zone", () => {
    expect(cfg(3).filter((line) => line.startsWith("server "))).toEqual([
      "server zone1 192.168.0.2:5060",
      "server zone2 192.168.0.3:5060",
      "server zone3 192.168.0.4:5060",
    ]);
  });

  test.each(["roundrobin", "leastconn", "source"] as const)("spreads phones by %s", (balance) => {
    expect(cfg(1, balance).filter((line) => line.startsWith("balance "))).toEqual([
      `balance ${balance}`,
    ]);
  });

  test("keeps a server in the rotation only if it answers OPTIONS with 200", () => {
    const checks = cfg(2).filter((line) => line.startsWith("tcp-check "));
    expect(checks[1]).toContain("OPTIONS sip:");
    expect(checks.at(-1)).toBe('tcp-check expect rstring "^SIP/2\\.0 200 "');
  });

  test("keeps the connection of a silent phone for `idleTimeout`", () => {
    const timeouts = cfg(1).filter((line) => /^timeout (client|server) /.test(line));
    expect(timeouts).toEqual(["timeout client 3600s", "timeout server 3600s"]);
  });
});
