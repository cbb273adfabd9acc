import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, utimesSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../../../core/logger";
import { provisionAsterisk } from "../../../../nodes/asterisk/provision";
import type { WantedFile } from "../../../../nodes/files";
import { FolderNode } from "../../../support/folder-node";

const SOCKET = "/run/asterisk/asterisk.ctl";
const FAULT = "/run/trunkline/fault";
const USERS = "/etc/asterisk/users.sql";
const DATABASE = "/run/asterisk/users.sqlite3";
const RESTART = "restart trunkline-preflight.service asterisk.service";
const START = "start asterisk.service";

const owner = execFileSync("sh", ["-c", 'printf %s "$(id -un):$(id -gn)"']).toString();
const wanted = (content: string): WantedFile => ({ content, owner, mode: "0640" });
const users = (...names: string[]): string =>
  names.map((name) => `('${name}', NULL, 'secret'),\n`).join("");

/** Files that the zone must have. */
const FILES: Readonly<Record<string, WantedFile>> = {
  [USERS]: wanted(users("1001", "1002")),
  "/etc/asterisk/asterisk.conf": wanted("[options]\n"),
  "/etc/trunkline/node.json": wanted('{"sipDriver":"pjsip"}\n'),
};
const log: Logger = { status: () => undefined, info: () => undefined, warn: () => undefined };

let zone: FolderNode;
let asterisk: Server | null;
let commands: string[];

/** Asterisk's answer to `core show channels count`. */
let calls: string;

/** Returns the arguments of each run of systemctl. */
const orders = (): string[] => zone.read("/run/orders").split("\n").slice(0, -1);

const minutesAgo = (minutes: number): Date => new Date(Date.now() - minutes * 60_000);

/** Writes files with the time of the zone's boot, five minutes ago. The fake Asterisk's socket is two minutes newer. */
function boot(files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    zone.write(path, content);
    utimesSync(zone.at(path), minutesAgo(5), minutesAgo(5));
  }
}

/** Starts a fake Asterisk console that looks up users in the database file. */
async function startAsterisk(): Promise<void> {
  zone.write(DATABASE, zone.read(USERS));
  const answerTo = (command: string): string =>
    zone.read(DATABASE).includes(command.replace(/^pjsip show endpoint (\d+)$/, "('$1'"))
      ? " Endpoint:  …"
      : command === "core show channels count"
        ? calls
        : "Unable to find object …";
  asterisk = createServer((caller) => {
    caller.once("data", (bytes) => {
      const command = bytes.toString().replace(/^cli quit after (.*)\0$/, "$1");
      commands.push(command);
      caller.end(`Asterisk/pid\n${answerTo(command)}\n`);
    });
  });
  asterisk.listen(zone.at(SOCKET));
  await once(asterisk, "listening");
  utimesSync(zone.at(SOCKET), minutesAgo(3), minutesAgo(3));
}

beforeEach(() => {
  zone = new FolderNode("zone1");
  for (const folder of ["/run/asterisk", "/run/trunkline"]) {
    mkdirSync(zone.at(folder), { recursive: true });
  }
  zone.write("/run/orders", "");
  const load = `cp ${USERS} ${DATABASE}`;
  zone.program("/usr/lib/trunkline/load-users", `${load}; echo users >>/run/loads`);
  zone.program("systemctl", `echo "$*" >>/run/orders; case $* in restart*) ${load} ;; esac`);
  asterisk = null;
  commands = [];
  calls = "0 active channels\n0 active calls";
});
afterEach(async () => {
  asterisk?.close();
  await zone.remove();
});

const contents = Object.fromEntries(
  Object.entries(FILES).map(([path, { content }]) => [path, content]),
);

test("provisionAsterisk sends only queries to an Asterisk whose zone booted with its files", async () => {
  boot(contents);
  await startAsterisk();
  await provisionAsterisk(zone, FILES, log);

  expect(orders()).toEqual([]);
  expect(commands).toEqual([
    "core waitfullybooted",
    "pjsip show endpoint 1001",
    "pjsip show endpoint 1002",
  ]);
});

describe("after a run that was killed right after it wrote the files,", () => {
  beforeEach(async () => {
    boot({ ...contents, [USERS]: users("1001") });
    await startAsterisk();
  });

  test("the users are loaded into the database", async () => {
    zone.write(USERS, contents[USERS] ?? "");
    await provisionAsterisk(zone, FILES, log);

    expect(orders()).toEqual([]);
    expect(zone.read("/run/loads")).toBe("users\n");
  });

  test.each(["/etc/asterisk/asterisk.conf", "/etc/trunkline/node.json"])(
    "Asterisk is restarted for %s",
    async (path) => {
      for (const file of [USERS, path]) zone.write(file, contents[file] ?? "");
      await provisionAsterisk(zone, FILES, log);

      expect(orders()).toEqual([RESTART]);
    },
  );
});

test("provisionAsterisk does not restart an Asterisk that already has a call", async () => {
  boot({ ...contents, "/etc/trunkline/node.json": "{}\n" });
  await startAsterisk();
  calls = "2 active channels\n1 active call";
  const provision = (): Promise<void> => provisionAsterisk(zone, FILES, log);

  await expect(provision()).rejects.toThrow(
    /^zone1: Asterisk must be restarted because of node.json, but there are calls; run the same command/,
  );
  expect(orders()).toEqual([]);

  calls = "0 active channels\n0 active calls";
  await provision();
  expect(orders()).toEqual([RESTART]);
});

describe("if Asterisk did not start at boot", () => {
  const refusing = (fault: string): string => `
    echo "$*" >>/run/orders
    ${fault}
    echo 'Job for asterisk.service failed.' >&2
    exit 1`;
  const TOLD = "echo 'trunkline: SIP driver pjsip is not in this image' >/run/trunkline/fault";

  test.each([
    ["up to date", contents, START],
    ["out of date", { ...contents, "/etc/trunkline/node.json": "{}\n" }, RESTART],
  ])(
    "because its image lacks the SIP driver, the preflight check's error is shown (files %s)",
    async (_, files, order) => {
      boot(files);
      zone.program("systemctl", refusing(TOLD));

      await expect(provisionAsterisk(zone, FILES, log)).rejects.toThrow(
        /^zone1: SIP driver pjsip is not in this image$/,
      );
      expect(orders()).toEqual([order]);
    },
  );

  test("and fails again for another reason, the error is the message of systemd", async () => {
    boot({});
    zone.program("systemctl", refusing(""));

    await expect(provisionAsterisk(zone, FILES, log)).rejects.toThrow(
      /^zone1: Job for asterisk.service failed.$/,
    );
  });

  test("and the reason no longer exists, Asterisk is started, and the recorded reason is deleted", async () => {
    boot({ ...contents, [FAULT]: "trunkline: SIP driver pjsip is not in this image\n" });
    const provisioned = provisionAsterisk(zone, FILES, log);
    while (orders().length === 0) await sleep(20);
    await startAsterisk();
    await provisioned;

    expect(orders()).toEqual([START]);
    expect(() => zone.read(FAULT)).toThrow("ENOENT");
  });
});

test("provisionAsterisk queries 20 of 5000 users, including the first and the last", async () => {
  const many = Array.from({ length: 5000 }, (_, index) => String(10_000 + index));
  const files = { ...FILES, [USERS]: wanted(users(...many)) };
  boot({ ...contents, [USERS]: users(...many) });
  await startAsterisk();
  await provisionAsterisk(zone, files, log);

  const asked = commands.flatMap(
    (command) => /^pjsip show endpoint (\d+)$/.exec(command)?.[1] ?? [],
  );
  expect(asked).toHaveLength(20);
  expect(asked).toEqual(expect.arrayContaining(["10000", "14999"]));
});
