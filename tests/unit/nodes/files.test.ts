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
import { type Conversation, converse } from "../../../ssh/conversation";
import { install, readFiles, restore, type WantedFile } from "../../../nodes/files";
import { Agent, AGENT_COMMAND, AgentFault } from "../../../ssh/agent";
import { AgentRefused, NodeUnchanged, type Session } from "../../../ssh/session";
import { quote } from "../../../core/shell";

/** A node that is this machine, with the rights of whoever runs the tests. */
let here: Session;
/** The same, where no user and no group has a name. */
let nameless: Session;
const agents: ChildProcessWithoutNullStreams[] = [];

function node(command: string): Session {
  const process = spawn("sh", ["-c", `exec ${command}`]);
  agents.push(process);
  const agent = new Agent(process.stdin, process.stdout);
  return {
    node: "zone1",
    run: () => Promise.reject(new Error("no script is run in these tests")),
    ask: (request) => agent.ask(request),
    connect: () => Promise.reject(new Error("nobody connects in these tests")),
  };
}

beforeAll(() => {
  here = node(AGENT_COMMAND);
  const nobody = "import grp, pwd; pwd.getpwuid = grp.getgrgid = {}.__getitem__";
  nameless = node(AGENT_COMMAND.replace(" -c '", ` -c '${nobody}\n`));
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

test("what differs is written, with its mode, and what does not is left alone", async () => {
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

test("another mode alone is a difference", async () => {
  const { changed } = await install(
    here,
    { [at("sip.conf")]: wanted("before", "0600") },
    { former: former() },
  );
  expect(changed).toEqual([at("sip.conf")]);
});

test("a file that is not valid changes nothing, and what was said against it is told", async () => {
  const answer = await install(
    here,
    { [at("sip.conf")]: wanted("after"), [at("new.conf")]: wanted("new") },
    { former: former(), validate: { [at("new.conf")]: 'echo "$1 is bad"; exit 1' } },
  );

  expect(answer).toEqual({ changed: [], invalid: `${at("new.conf")} is bad` });
  expect(files()).toEqual(["sip.conf"]);
  expect(readFileSync(at("sip.conf"), "utf8")).toBe("before");
});

test("an installation can be taken back, the files that it brought included", async () => {
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

test("the names of files outlast a power cut as their contents do", async () => {
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

test("what was replaced is kept from everybody else", async () => {
  await install(here, { [at("sip.conf")]: wanted("after") }, { former: former() });
  expect(statSync(former()).mode & 0o7777).toBe(0o600);
});

test("a file that cannot be written is named, and no other is changed", async () => {
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

test("a look tells content, owner and mode, and what is not there", async () => {
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

test("an owner that there is not is named, and nothing is changed", async () => {
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

test("an owner without a name is told by number, and can be put back", async () => {
  const { uid, gid } = statSync(at("sip.conf"));
  const found = await readFiles(nameless, [at("sip.conf")]);
  expect(found[at("sip.conf")]).toMatchObject({ owner: `${String(uid)}:${String(gid)}` });

  await install(nameless, { [at("sip.conf")]: wanted("after") }, { former: former() });
  await restore(nameless, former());
  expect(await readFiles(nameless, [at("sip.conf")])).toEqual(found);
});

test("a request that nobody foresaw is answered as well", async () => {
  await expect(here.ask({ do: "dance" })).rejects.toThrow(AgentFault);
  await expect(restore(here, former())).rejects.toThrow(AgentFault);
});

describe("a service with room for one more caller", () => {
  /** Listens, and answers from `seconds` on. */
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

  /** What four callers at once are answered who wait for `seconds`. */
  const answers = (seconds: number): Promise<Conversation[]> =>
    Promise.all(Array.from({ length: 4 }, () => converse(here, at("service"), ["well?"], seconds)));

  test("that is frozen is silent to all, and none waits for ever", async () => {
    await start(1_000);
    expect(await answers(0.5)).toEqual(Array(4).fill({ answers: [], fault: "silent" }));
  });

  test("that is busy answers all when it gets to it", async () => {
    await start(0.5);
    expect(await answers(20)).toEqual(Array(4).fill({ answers: ["yes"], fault: null }));
  });
});

test("requests are worked on side by side, and each gets its own answer", async () => {
  const run = (script: string): Promise<unknown> =>
    here.ask({ do: "run", script, input: Buffer.from("given").toString("base64") });
  const fifo = at("fifo");
  execFileSync("mkfifo", [fifo]);
  // The first can end only when the second has begun.
  const answers = await Promise.all([run(`cat ${fifo}; cat`), run(`echo second >${fifo}; exit 3`)]);

  expect(answers).toEqual([
    { exitCode: 0, stdout: Buffer.from("second\ngiven").toString("base64"), stderr: "" },
    { exitCode: 3, stdout: "", stderr: "" },
  ]);
});

test("whoever asks an agent that is gone is told so", async () => {
  const child = spawn("sh", ["-c", `exec ${AGENT_COMMAND}`]);
  const agent = new Agent(child.stdin, child.stdout);
  const asked = agent.ask({ do: "run", script: "kill -9 $PPID; sleep 1", input: "" });

  await expect(asked).rejects.toThrow("the agent is gone");
  await expect(agent.ask({ do: "look", paths: [] })).rejects.toThrow("the agent is gone");
});

describe("a file that cannot take its place", () => {
  /**
   * A node with two file systems at `a` and `b`, and what it does when a file was renamed for the n-th time, the
   * first of which is that of the former contents:
   * from then on they cannot be written.
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

  test("has those before it take their former places again", async () => {
    const session = failing(["b"], 3);
    const attempt = install(session, wantedFiles(), { former: former() });

    await expect(attempt).rejects.toThrow(`${at("b/old.conf")}: Read-only file system`);
    await expect(attempt).rejects.toThrow(AgentFault);
    await expect(attempt).rejects.toHaveProperty("renewed", []);
    expect(await contentsOf(session)).toEqual(expect.arrayContaining(["-", "before", "before"]));
  });

  test("is told of with the files that are new, when they cannot be taken back", async () => {
    const session = failing(["a", "b"], 3);
    const attempt = install(session, wantedFiles(), { former: former() });

    await expect(attempt).rejects.toThrow(`${at("b/old.conf")}: Read-only file system`);
    await expect(attempt).rejects.toHaveProperty("renewed", [at("a/new.conf"), at("a/old.conf")]);
    expect(((await contentsOf(session)) as string[]).slice(0, 3)).toEqual([
      "new",
      "after",
      "before",
    ]);
  });

  test("or whose former content cannot be kept changes nothing", async () => {
    const session = failing(["a", "b"], 0);
    await session.ask({ do: "run", script: `mount -o remount,ro ${at("b")}`, input: "" });
    const { [at("b/old.conf")]: _, ...others } = wantedFiles();
    const attempt = install(session, others, { former: at("b/former.json") });

    await expect(attempt).rejects.toThrow(`${at("b/former.json")}: Read-only file system`);
    expect(await contentsOf(session)).toEqual(["-", "before", "before"]);
  });

  test("for want of room changes nothing", async () => {
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

describe("an operator is told that", () => {
  const refusing = (renewed: readonly string[]): Session => ({
    ...here,
    ask: () => Promise.reject(new AgentRefused("zone1", "/etc/b: Input/output error", renewed)),
  });

  test("nothing was changed, if that is so", async () => {
    const error = await install(refusing([]), {}).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NodeUnchanged);
    expect(String(error)).toContain("/etc/b: Input/output error; its files were left as they were");
  });

  test("files are new, if they could not be taken back", async () => {
    const error = await install(refusing(["/etc/a"]), {}).catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(NodeUnchanged);
    expect(String(error)).toContain(
      "zone1: /etc/b: Input/output error; its files /etc/a are new already and could not be taken back, " +
        "all others were left as they were",
    );
  });
});

test("an answer that is too long is an error, and the agent goes on", async () => {
  const huge = { do: "run", script: "head -c 40000000 /dev/zero", input: "" };
  await expect(here.ask(huge)).rejects.toThrow(/its answer is longer than 33554432 bytes/);
  expect(await readFiles(here, [at("none.conf")])).toEqual({ [at("none.conf")]: null });
});
