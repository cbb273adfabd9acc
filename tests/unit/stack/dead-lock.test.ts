import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { releaseDeadLock } from "../../../stack/lock";

/** Process ID that is higher than the ID of any process. */
const NO_PROCESS = 2 ** 30;

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

/** Writes a lock as Pulumi does. The time has nine decimals and a numeric offset. */
function lock(name: string, pid: number, host = hostname(), at = new Date()): void {
  const timestamp = at.toISOString().replace("Z", "123456+00:00");
  const locks = join(folder, ".pulumi", "locks", "organization", "pbx", "test");
  mkdirSync(locks, { recursive: true });
  writeFileSync(
    join(locks, `${name}.json`),
    JSON.stringify({ pid, username: "pbx", hostname: host, timestamp }),
  );
  // Without `metadata=skip`, Pulumi's storage adds an `.attrs` file to every file.
  writeFileSync(join(locks, `${name}.json.attrs`), "{}");
}

test("releaseDeadLock does nothing to a stack that is not locked", async () => {
  await releaseDeadLock(stack());
  expect(cancelled).toBe(0);
});

test("releaseDeadLock releases the lock of a process that is gone", async () => {
  lock("a", NO_PROCESS);
  await releaseDeadLock(stack());
  expect(cancelled).toBe(1);
});

test("releaseDeadLock releases the lock of an ended process whose ID now belongs to another process", async () => {
  const beforeThisProcess = new Date(Date.now() - process.uptime() * 1000 - 60_000);
  lock("a", process.pid, hostname(), beforeThisProcess);
  await releaseDeadLock(stack());
  expect(cancelled).toBe(1);
});

test("releaseDeadLock keeps the lock of a running Pulumi, even if the clock was set forward later", async () => {
  const pulumi = spawn("bash", ["-c", "exec -a pulumi sleep 60"]);
  try {
    await once(pulumi, "spawn");
    const command = `/proc/${String(pulumi.pid)}/cmdline`;
    while (!readFileSync(command, "utf8").startsWith("pulumi\0")) await setTimeout(20);
    // According to the current clock, the process started a year after it took the lock.
    lock("a", pulumi.pid ?? 0, hostname(), new Date(Date.now() - 365 * 86_400_000));
    await releaseDeadLock(stack());
    expect(cancelled).toBe(0);
  } finally {
    pulumi.kill();
  }
});

test("releaseDeadLock releases the lock of a zombie process", async () => {
  // The shell replaces itself with `sleep 60`, which never waits for the child process of the shell.
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

test("releaseDeadLock keeps all locks while a lock is being written or was just removed", async () => {
  lock("a", NO_PROCESS);
  const locks = join(folder, ".pulumi", "locks", "organization", "pbx", "test");
  writeFileSync(join(locks, "b.json"), '{"pid": 1');
  await releaseDeadLock(stack());
  rmSync(join(locks, "b.json"));
  symlinkSync(join(folder, "gone"), join(locks, "c.json"));
  await releaseDeadLock(stack());
  expect(cancelled).toBe(0);
});

test("releaseDeadLock keeps the lock of a process that is hidden from this process", async () => {
  // As under systemd's ProtectProc=invisible, which hides other users' processes in /proc.
  const kill = jest.spyOn(process, "kill").mockImplementation(() => {
    throw Object.assign(new Error("kill EPERM"), { code: "EPERM" });
  });
  lock("a", NO_PROCESS);
  await releaseDeadLock(stack());
  kill.mockRestore();
  expect(cancelled).toBe(0);
});

test.each([
  ["of a running process", process.pid, hostname()],
  ["of another machine", NO_PROCESS, "elsewhere"],
])("a lock %s is kept, even if a dead process has another lock", async (_, pid, host) => {
  lock("a", NO_PROCESS);
  lock("b", pid, host);
  await releaseDeadLock(stack());
  expect(cancelled).toBe(0);
});
