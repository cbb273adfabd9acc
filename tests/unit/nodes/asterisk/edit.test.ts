import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { NodeError } from "../../../../core/errors";
import type { Logger } from "../../../../core/logger";
import { editAsterisk } from "../../../../nodes/asterisk/edit";
import type { WantedFile } from "../../../../nodes/files";
import { NodeUnchanged, type Session } from "../../../../ssh/session";
import { FolderNode } from "../../../support/folder-node";

const SOCKET = "/run/asterisk/asterisk.ctl";
const DIALPLAN = "/etc/asterisk/extensions.conf";
const BEFORE = "exten => _X!,1,Dial(IAX2/zone2/${EXTEN},60)\n";
const AFTER = "exten => _X!,1,Dial(IAX2/zone2/${EXTEN},30)\n";

const owner = execFileSync("sh", ["-c", 'printf %s "$(id -un):$(id -gn)"']).toString();
const files: Record<string, WantedFile> = { [DIALPLAN]: { content: AFTER, owner, mode: "0640" } };
const log: Logger = { status: () => undefined, info: () => undefined, warn: () => undefined };

let zone: FolderNode;
let asterisk: Server;
let commands: string[];

beforeEach(async () => {
  zone = new FolderNode("zone1");
  zone.write(DIALPLAN, BEFORE);
  mkdirSync(zone.at("/run/asterisk"), { recursive: true });
  commands = [];
  // This Asterisk answers every command with empty output, so its dialplan never changes.
  asterisk = createServer((caller) => {
    caller.once("data", (bytes) => {
      commands.push(bytes.toString().replace(/^cli quit after (.*)\0$/, "$1"));
      caller.end("Asterisk/pid\n\n");
    });
  });
  asterisk.listen(zone.at(SOCKET));
  await once(asterisk, "listening");
});
afterEach(async () => {
  asterisk.close();
  await zone.remove();
});

const fault = (session: Session = zone, edited = files): Promise<unknown> =>
  editAsterisk(session, edited, { [DIALPLAN]: BEFORE }, log).catch((error: unknown) => error);

const NOT_TAKEN =
  "zone1: Asterisk does not accept extensions.conf: its dialplan has no Dial(IAX2/zone2/${EXTEN},30)";

test("an edit rolls back a file that Asterisk does not accept", async () => {
  const error = await fault();
  expect(error).toBeInstanceOf(NodeUnchanged);
  expect(String(error)).toContain(`${NOT_TAKEN}. The former files are in service again`);
  expect(zone.read(DIALPLAN)).toBe(BEFORE);
  expect(commands).toEqual(["dialplan reload", "dialplan show", "dialplan reload"]);
});

test("an edit rolls back a dialplan with a Dial that cannot be compared", async () => {
  const content = `${AFTER}exten => _X!,n,Dial(IAX2/zone3/\${EXTEN}) ; a comment\n`;
  const edited = { [DIALPLAN]: { content, owner, mode: "0640" } };
  expect(String(await fault(zone, edited))).toContain("a Dial does not have the expected form");
  expect(zone.read(DIALPLAN)).toBe(BEFORE);
});

test("an edit rolls back a file if Asterisk does not run", async () => {
  asterisk.close();
  rmSync(zone.at(SOCKET), { force: true });
  const error = await fault();
  expect(error).toBeInstanceOf(NodeUnchanged);
  expect(String(error)).toContain("zone1: Asterisk does not run");
  expect(zone.read(DIALPLAN)).toBe(BEFORE);
});

test("an edit does not report a rollback if an earlier, killed run had already replaced the file", async () => {
  zone.write(DIALPLAN, AFTER);
  const error = await fault();
  expect(error).not.toBeInstanceOf(NodeUnchanged);
  expect((error as Error).message).toBe(NOT_TAKEN);
});

test("an edit does not report a rollback if the former files could not be restored", async () => {
  const error = await fault({
    node: zone.node,
    run: (script) => zone.run(script),
    connect: () => zone.connect(),
    ask: (request) =>
      (request as { do: string }).do === "restore"
        ? Promise.reject(new NodeError(zone.node, "its disk is full"))
        : zone.ask(request),
  });
  expect(error).not.toBeInstanceOf(NodeUnchanged);
  expect((error as Error).message).toBe(NOT_TAKEN);
});
