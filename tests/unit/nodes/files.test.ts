import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quote } from "../../../core/text";
import { install, readFiles, restore, type WantedFile } from "../../../nodes/files";
import { Agent, AGENT_COMMAND, AgentFault } from "../../../ssh/agent";
import { type Conversation, converse } from "../../../ssh/conversation";
import { AgentRefused, NodeUnchanged, type Session } from "../../../ssh/session";

/** Node on this machine, with the permissions of the user who runs the tests. */
let here: Session;
/** Node like `here` on which no user and no group has a name. */
let nameless: Session;
const agents: ChildProcessWithoutNullStreams[] = [];

function node(command: string): Session {
  const process = spawn("sh", ["-c", `exec ${command}`]);
  agents.push(process);
  const agent = new Agent(process.stdin, process.stdout);
  return {
    node: "zone1",
    run: () => Promise.reject(new Error("run is not used in these tests")),
    ask: (request) => agent.ask(request),
    connect: () => Promise.reject(new Error("connect is not used in these tests")),
  };
}

beforeAll(() => {
  here = node(AGENT_COMMAND);
  const withoutNames = "import grp, pwd; pwd.getpwuid = grp.getgrgid = {}.__getitem__";
  nameless = node(AGENT_COMMAND.replace(" -c '", ` -c '${withoutNames}\n`));
});
afterAll(async () => {
  for (const process of agents) {
    process.stdin.end();
    await once(process, "exit");
  }
});

const owner = execFileSync("sh", ["-c", 'printf %s "$(id -un):$(id -gn)"']).toString();
const wanted = (content: string, mode = "0640"): WantedFile => ({ content, mode, owner });

let folder: string;
const at = (name: string): string => join(folder, name);
const former = (): string => at("kept/former.json");
const files = (): string[] => readdirSync(folder).filter((name) => name !== "kept");

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-files-"));
  writeFileSync(at("sip.conf"), "before");
  chmodSync(at("sip.conf"), 0o640);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("install writes files that differ, with their mode, and touches no other files", async () => {
  const inode = statSync(at("sip.conf")).ino;
  const answer = await install(
    here,
    { [at("sip.conf")]: wanted("before"), [at("iax.conf")]: wanted("ünïcode; \n", "0600") },
    { former: former() },
  );

  expect(answer).toEqual({ changed: [at("iax.conf")], invalid: null });
  expect(readFileSync(at("iax.conf"), "utf8")).toBe("ünïcode; \n");
  expect(statSync(at("iax.conf")).mode & 0o7777).toBe(0o600);
  expect(statSync(at("sip.conf")).ino).toBe(inode);
});

test("install writes a file that differs only in its mode", async () => {
  const { changed } = await install(
    here,
    { [at("sip.conf")]: wanted("before", "0600") },
    { former: former() },
  );
  expect(changed).toEqual([at("sip.conf")]);
});

test("install changes nothing if a file is invalid, and returns the output of the validating command", async () => {
  const answer = await install(
    here,
    { [at("sip.conf")]: wanted("after"), [at("new.conf")]: wanted("new") },
    { former: former(), validate: { [at("new.conf")]: 'echo "$1 is bad"; exit 1' } },
  );

  expect(answer).toEqual({ changed: [], invalid: `${at("new.conf")} is bad` });
  expect(files()).toEqual(["sip.conf"]);
  expect(readFileSync(at("sip.conf"), "utf8")).toBe("before");
});

test("restore puts back the files that an installation replaced, and deletes those that it created", async () => {
  await install(
    here,
    { [at("sip.conf")]: wanted("after"), [at("new.conf")]: wanted("new") },
    { former: former() },
  );
  expect(await restore(here, former())).toEqual([at("new.conf"), at("sip.conf")]);

  expect(files()).toEqual(["sip.conf"]);
  expect(readFileSync(at("sip.conf"), "utf8")).toBe("before");
  expect(statSync(at("sip.conf")).mode & 0o7777).toBe(0o640);
});

test("install syncs files and their folders, so that contents and names survive a power failure", async () => {
  const log = at("synced");
  const watch = [
    "import os",
    "fsync = os.fsync",
    "def watched(descriptor):",
    "    fsync(descriptor)",
    `    with open("${log}", "a") as out:`,
    '        print(os.readlink(f"/proc/self/fd/{descriptor}"), file=out)',
    "os.fsync = watched",
  ].join("\n");
  const watched = node(AGENT_COMMAND.replace(" -c '", ` -c '${watch}\n`));
  await install(watched, { [at("sip.conf")]: wanted("after") }, { former: former() });

  expect(readFileSync(log, "utf8").split("\n")).toEqual([
    at("kept/.former.json.new"),
    at("kept"),
    at(".sip.conf.new"),
    folder,
    "",
  ]);
});

test("only the owner can read the file with the former contents", async () => {
  await install(here, { [at("sip.conf")]: wanted("after") }, { former: former() });
  expect(statSync(former()).mode & 0o7777).toBe(0o600);
});

test("install's error names a file that cannot be written, and no file is changed", async () => {
  const attempt = install(
    here,
    { [at("sip.conf")]: wanted("after"), [at("sip.conf/impossible")]: wanted("x") },
    { former: former() },
  );

  await expect(attempt).rejects.toThrow(AgentFault);
  await expect(attempt).rejects.toThrow(/\/impossible: Not a directory$/);
  expect(readFileSync(at("sip.conf"), "utf8")).toBe("before");
  expect(files()).toEqual(["sip.conf"]);
});

test("readFiles returns hash, owner and mode, and null for a missing file", async () => {
  expect(await readFiles(here, [at("sip.conf"), at("none.conf")])).toEqual({
    [at("sip.conf")]: {
      owner,
      mode: "0640",
      sha256: execFileSync("sha256sum", [at("sip.conf")])
        .toString()
        .slice(0, 64),
    },
    [at("none.conf")]: null,
  });
});

test("install's error names an owner that does not exist, and nothing is changed", async () => {
  const [user = "", group = ""] = owner.split(":");
  for (const [stranger, what] of [
    [`nobody-of-tests:${group}`, "user nobody-of-tests"],
    [`${user}:nobodies-of-tests`, "group nobodies-of-tests"],
  ] as const) {
    const attempt = install(
      here,
      { [at("new.conf")]: { ...wanted("new"), owner: stranger } },
      { former: former() },
    );
    await expect(attempt).rejects.toThrow(`${at("new.conf")}: there is no ${what} on this server`);
    expect(files()).toEqual(["sip.conf"]);
  }
});

test("readFiles returns numbers for an owner without a name, and restore sets that owner again", async () => {
  const { uid, gid } = statSync(at("sip.conf"));
  const found = await readFiles(nameless, [at("sip.conf")]);
  expect(found[at("sip.conf")]).toMatchObject({ owner: `${String(uid)}:${String(gid)}` });

  await install(nameless, { [at("sip.conf")]: wanted("after") }, { former: former() });
  await restore(nameless, former());
  expect(await readFiles(nameless, [at("sip.conf")])).toEqual(found);
});

test("the agent answers an invalid request with an error", async () => {
  await expect(here.ask({ do: "dance" })).rejects.toThrow(AgentFault);
  await expect(restore(here, former())).rejects.toThrow(AgentFault);
});

describe("a service whose backlog holds one connection", () => {
  /** Python program. Listens immediately, and starts to answer after the given number of seconds. */
  const SERVICE = `
import socket, sys, time
with socket.socket(socket.AF_UNIX) as service:
    service.bind(sys.argv[1])
    service.listen(0)
    print("listening", flush=True)
    time.sleep(float(sys.argv[2]))
    while True:
        with service.accept()[0] as caller:
            caller.recv(100)
            caller.sendall(b"yes")
`;
  let service: ChildProcessWithoutNullStreams;

  async function start(seconds: number): Promise<void> {
    service = spawn("python3", ["-c", SERVICE, at("service"), String(seconds)]);
    await once(service.stdout, "data");
  }
  afterEach(async () => {
    service.kill();
    await once(service, "exit");
  });

  /** Returns the answers to four concurrent callers with a timeout of `seconds`. */
  const answers = (seconds: number): Promise<Conversation[]> =>
    Promise.all(Array.from({ length: 4 }, () => converse(here, at("service"), ["well?"], seconds)));

  test("and that hangs answers no caller, and every caller times out", async () => {
    await start(1_000);
    expect(await answers(0.5)).toEqual(Array(4).fill({ answers: [], fault: "silent" }));
  });

  test("and that is busy at first answers all callers later", async () => {
    await start(0.5);
    expect(await answers(20)).toEqual(Array(4).fill({ answers: ["yes"], fault: null }));
  });
});

test("the agent handles requests concurrently, and each request gets its own answer", async () => {
  const run = (script: string): Promise<unknown> =>
    here.ask({ do: "run", script, input: Buffer.from("given").toString("base64") });
  const fifo = at("fifo");
  execFileSync("mkfifo", [fifo]);
  // The first request can end only after the second request has begun.
  const answers = await Promise.all([run(`cat ${fifo}; cat`), run(`echo second >${fifo}; exit 3`)]);

  expect(answers).toEqual([
    { exitCode: 0, stdout: Buffer.from("second\ngiven").toString("base64"), stderr: "" },
    { exitCode: 3, stdout: "", stderr: "" },
  ]);
});

test("pending and new requests are rejected after the agent has died", async () => {
  const child = spawn("sh", ["-c", `exec ${AGENT_COMMAND}`]);
  const agent = new Agent(child.stdin, child.stdout);
  const asked = agent.ask({ do: "run", script: "kill -9 $PPID; sleep 1", input: "" });

  await expect(asked).rejects.toThrow("the agent has ended");
  await expect(agent.ask({ do: "look", paths: [] })).rejects.toThrow("the agent has ended");
});

describe("an installation on a failing file system", () => {
  /**
   * Returns a node with two file systems at `a` and `b`. The file systems in `readOnly` become read-only after
   * `renames` renames, or never if `renames` is 0. The first rename moves the file with the former contents.
   */
  function failing(readOnly: readonly string[], renames: number): Session {
    const script = [
      "import os, subprocess",
      "rename, count = os.rename, []",
      "def counted(source, target):",
      "    rename(source, target)",
      "    count.append(target)",
      `    if len(count) == ${String(renames)}:`,
      `        for place in ${JSON.stringify(readOnly.map(at))}:`,
      '            subprocess.run(["mount", "-o", "remount,ro", place], check=True)',
      "os.rename = counted",
    ].join("\n");
    for (const place of ["a", "b"]) mkdirSync(at(place));
    const mounts = ["a", "b"].map(
      (place) =>
        `mount -t tmpfs -o size=64k tmpfs ${at(place)} && printf before >${at(place)}/old.conf`,
    );
    const inside = `${mounts.join(" && ")} && exec ${AGENT_COMMAND.replace(" -c '", ` -c '${script}\n`)}`;
    return node(`unshare --map-root-user --mount sh -c ${quote(inside)}`);
  }
  const root = (content: string): WantedFile => ({ content, mode: "0640", owner: "root:root" });
  const wantedFiles = (): Record<string, WantedFile> => ({
    [at("a/new.conf")]: root("new"),
    [at("a/old.conf")]: root("after"),
    [at("b/old.conf")]: root("after"),
  });
  const contentsOf = async (session: Session): Promise<unknown> => {
    const paths = Object.keys(wantedFiles());
    const { stdout } = (await session.ask({
      do: "run",
      script: `for file in ${paths.join(" ")}; do cat $file 2>/dev/null || printf -; echo; done; find ${at("a")} ${at("b")} -name '.*'`,
      input: "",
    })) as { stdout: string };
    return Buffer.from(stdout, "base64").toString().trimEnd().split("\n");
  };

  test("rolls back the files that it has already replaced", async () => {
    const session = failing(["b"], 3);
    const attempt = install(session, wantedFiles(), { former: former() });

    await expect(attempt).rejects.toThrow(`${at("b/old.conf")}: Read-only file system`);
    await expect(attempt).rejects.toThrow(AgentFault);
    await expect(attempt).rejects.toHaveProperty("notRestored", []);
    expect(await contentsOf(session)).toEqual(expect.arrayContaining(["-", "before", "before"]));
  });

  test("lists the replaced files in its error if they cannot be rolled back", async () => {
    const session = failing(["a", "b"], 3);
    const attempt = install(session, wantedFiles(), { former: former() });

    await expect(attempt).rejects.toThrow(`${at("b/old.conf")}: Read-only file system`);
    await expect(attempt).rejects.toHaveProperty("notRestored", [
      at("a/new.conf"),
      at("a/old.conf"),
    ]);
    expect(((await contentsOf(session)) as string[]).slice(0, 3)).toEqual([
      "new",
      "after",
      "before",
    ]);
  });

  test("changes nothing if the former contents cannot be saved", async () => {
    const session = failing(["a", "b"], 0);
    await session.ask({ do: "run", script: `mount -o remount,ro ${at("b")}`, input: "" });
    const { [at("b/old.conf")]: _, ...others } = wantedFiles();
    const attempt = install(session, others, { former: at("b/former.json") });

    await expect(attempt).rejects.toThrow(`${at("b/former.json")}: Read-only file system`);
    expect(await contentsOf(session)).toEqual(["-", "before", "before"]);
  });

  test("changes nothing if the disk is full", async () => {
    const session = failing([], 0);
    const attempt = install(
      session,
      { ...wantedFiles(), [at("b/old.conf")]: root("x".repeat(70_000)) },
      { former: former() },
    );

    await expect(attempt).rejects.toThrow(`${at("b/old.conf")}: No space left on device`);
    expect(await contentsOf(session)).toEqual(["-", "before", "before"]);
  });
});

describe("a failed installation reports that", () => {
  const refusing = (notRestored: readonly string[]): Session => ({
    ...here,
    ask: () => Promise.reject(new AgentRefused("zone1", "/etc/b: Input/output error", notRestored)),
  });

  test("no file was changed if the agent lists no file that it could not restore", async () => {
    const error = await install(refusing([]), {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NodeUnchanged);
    expect(String(error)).toContain("/etc/b: Input/output error; no file was changed");
  });

  test("files were changed if the agent lists files that it could not restore", async () => {
    const error = await install(refusing(["/etc/a"]), {}).catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(NodeUnchanged);
    expect(String(error)).toContain(
      "zone1: /etc/b: Input/output error; these files were changed and could not be restored: " +
        "/etc/a. All other files are unchanged. Fix the problem",
    );
  });
});

test("the agent answers with an error if the result would be too long, and continues", async () => {
  const huge = { do: "run", script: "head -c 40000000 /dev/zero", input: "" };
  await expect(here.ask(huge)).rejects.toThrow(/its answer is longer than 33554432 bytes/);
  expect(await readFiles(here, [at("none.conf")])).toEqual({ [at("none.conf")]: null });
});
