import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

const SERVICES = [
  "nova",
  "neutron",
  "libvirt",
  "network",
  "keystone",
  "placement",
  "glance",
  "mariadb",
  "rabbitmq",
  "memcached",
];

let folder: string;

/** Copies the lab's scripts, with services that change nothing on this machine. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-lab-"));
  for (const part of ["lab/services", "bin", "state/run"]) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  cpSync(join(ROOT, "lab/lab.sh"), join(folder, "lab/lab.sh"));
  cpSync(join(ROOT, "lab/lib"), join(folder, "lab/lib"), { recursive: true });
  for (const name of SERVICES) service(name, ":");
  writeFileSync(join(folder, "bin/id"), "#!/bin/sh\necho 0\n", { mode: 0o755 });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function service(name: string, stop: string): void {
  writeFileSync(join(folder, "lab/services", `${name}.sh`), `stop() { ${stop}; }\n`);
}

function down(...args: readonly string[]): { status: number | null; stderr: string } {
  const { status, stderr } = spawnSync(join(folder, "lab/lab.sh"), ["down", ...args], {
    encoding: "utf8",
    env: {
      ...process.env,
      PATH: `${folder}/bin:${process.env.PATH ?? ""}`,
      LAB_STATE: join(folder, "state"),
    },
  });
  return { status, stderr: stderr.trimEnd() };
}

const isKept = (): boolean => existsSync(join(folder, "state"));

const refusal = (service: string): string =>
  `lab: could not stop: ${service} (see the errors above); nothing was deleted, run the same command again`;

test("lab.sh down keeps the lab's state folder unless --purge is given", () => {
  expect([down(), isKept()]).toEqual([{ status: 0, stderr: "" }, true]);
  expect([down("--purge"), isKept()]).toEqual([{ status: 0, stderr: "" }, false]);
});

test("lab.sh down deletes .trunkline/lab-started, unless a service does not stop", () => {
  const claim = join(folder, ".trunkline/lab-started");
  mkdirSync(join(folder, ".trunkline"));
  for (const purge of [[], ["--purge"], []]) {
    writeFileSync(claim, "");
    expect([down(...purge).status, existsSync(claim)]).toEqual([0, false]);
  }
  writeFileSync(claim, "");
  mkdirSync(join(folder, "state/run"), { recursive: true });
  service("nova", "exit 1");
  expect([down().status, existsSync(claim)]).toEqual([1, true]);
});

test("if a service does not stop, lab.sh down stops the others, deletes nothing and fails", () => {
  service("libvirt", 'die "these processes do not stop: 42"');
  service("mariadb", `touch "${folder}/mariadb-stopped"`);
  expect([down("--purge"), isKept(), existsSync(join(folder, "mariadb-stopped"))]).toEqual([
    { status: 1, stderr: `lab: these processes do not stop: 42\n${refusal("libvirt")}` },
    true,
    true,
  ]);
});

test("lab.sh down keeps the pid file of a process that it cannot stop", () => {
  // The process has no process group of its own, so the lab's SIGKILL to its group does not reach it.
  const stubborn = spawn("sh", ["-c", "trap '' TERM; echo; while :; do sleep 1; done"]);
  try {
    const pid = String(stubborn.pid);
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    const start = status.slice(status.lastIndexOf(") ")).split(" ")[20] ?? "";
    writeFileSync(join(folder, "state/run/scheduler.pid"), `${pid} ${start}\n`);
    // `nap` without a pause makes the wait short.
    service("nova", "nap() { :; }; halt_all conductor scheduler");
    expect([down("--purge"), existsSync(join(folder, "state/run/scheduler.pid"))]).toEqual([
      { status: 1, stderr: `lab: scheduler does not stop: process ${pid}\n${refusal("nova")}` },
      true,
    ]);
  } finally {
    stubborn.kill("SIGKILL");
  }
});
