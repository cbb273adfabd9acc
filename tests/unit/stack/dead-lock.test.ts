import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { releaseDeadLock } from "../../../stack/stack";

/** No process has a number as high as this. */
const NOBODY = 2 ** 30;

let folder: string;
let cancelled: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-lock-"));
  cancelled = 0;
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const stack = (): Stack =>
  ({
    name: "test",
    workspace: { envVars: { PULUMI_BACKEND_URL: `file://${folder}?metadata=skip` } },
    cancel: () => {
      cancelled += 1;
      return Promise.resolve();
    },
  }) as unknown as Stack;

/** As Pulumi writes it, with the time as Go does. */
function lock(name: string, pid: number, host = hostname(), at = new Date()): void {
  const timestamp = at.toISOString().replace("Z", "123456+00:00");
  const locks = join(folder, ".pulumi", "locks", "organization", "pbx", "test");
  mkdirSync(locks, { recursive: true });
  writeFileSync(
    join(locks, `${name}.json`),
    JSON.stringify({ pid, username: "pbx", hostname: host, timestamp }),
  );
  // What Pulumi's storage puts beside every file.
  writeFileSync(join(locks, `${name}.json.attrs`), "{}");
}

test("a stack that nobody has locked is left alone", async () => {
  await releaseDeadLock(stack());
  expect(cancelled).toBe(0);
});

test("the lock of a process that is gone is released", async () => {
  lock("a", NOBODY);
  await releaseDeadLock(stack());
  expect(cancelled).toBe(1);
});

test("the lock of a process whose number another one has by now is released", async () => {
  const beforeThisProcess = new Date(Date.now() - process.uptime() * 1000 - 60_000);
  lock("a", process.pid, hostname(), beforeThisProcess);
  await releaseDeadLock(stack());
  expect(cancelled).toBe(1);
});

test("the lock of a Pulumi that lives stays, however the clock was set since", async () => {
  const pulumi = spawn("bash", ["-c", "exec -a pulumi sleep 60"]);
  try {
    await once(pulumi, "spawn");
    const command = `/proc/${String(pulumi.pid)}/cmdline`;
    while (!readFileSync(command, "utf8").startsWith("pulumi\0")) await setTimeout(20);
    // By the clock as it is now, the process began a year after its lock.
    lock("a", pulumi.pid ?? 0, hostname(), new Date(Date.now() - 365 * 86_400_000));
    await releaseDeadLock(stack());
    expect(cancelled).toBe(0);
  } finally {
    pulumi.kill();
  }
});

test("the lock of a process that ended and was not waited for is released", async () => {
  // The shell becomes a program that knows nothing of the child that it has then.
  const parent = spawn("sh", ["-c", "sleep 0.1 & echo $!; exec sleep 60"]);
  try {
    const [pid] = (await once(parent.stdout, "data")) as [Buffer];
    const status = `/proc/${pid.toString().trim()}/stat`;
    while (!readFileSync(status, "utf8").includes(") Z ")) await setTimeout(20);
    lock("a", Number(pid));
    await releaseDeadLock(stack());
    expect(cancelled).toBe(1);
  } finally {
    parent.kill();
  }
});

test("a lock that is just being written, or has just gone, is that of a process that lives", async () => {
  lock("a", NOBODY);
  const locks = join(folder, ".pulumi", "locks", "organization", "pbx", "test");
  writeFileSync(join(locks, "b.json"), '{"pid": 1');
  await releaseDeadLock(stack());
  rmSync(join(locks, "b.json"));
  symlinkSync(join(folder, "gone"), join(locks, "c.json"));
  await releaseDeadLock(stack());
  expect(cancelled).toBe(0);
});

test("a lock of a process that this one may not see stays", async () => {
  // As under systemd's ProtectProc=invisible, which hides other users' processes in /proc.
  const kill = jest.spyOn(process, "kill").mockImplementation(() => {
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
  lock("a", NOBODY);
  await releaseDeadLock(stack());
  kill.mockRestore();
  expect(cancelled).toBe(0);
});

test.each([
  ["of a process that lives", process.pid, hostname()],
  ["of another machine", NOBODY, "elsewhere"],
])("a lock %s stays, whatever others there are", async (_, pid, host) => {
  lock("a", NOBODY);
  lock("b", pid, host);
  await releaseDeadLock(stack());
  expect(cancelled).toBe(0);
});
