import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

const PROGRAM = join(ROOT, "images/elements/pbx-node/static/usr/lib/trunkline/host-clock");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-clock-"));
  // Replaces modprobe, so that no driver is loaded on this machine.
  writeFileSync(join(folder, "modprobe"), "#!/bin/sh\nexit 1\n", { mode: 0o755 });
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Returns the chrony configuration that host-clock writes. `clocks` has the machine's PTP clocks, by device. */
function written(clocks: Readonly<Record<string, string>>): string {
  const devices = join(folder, "ptp");
  for (const [name, kind] of Object.entries(clocks)) {
    mkdirSync(join(devices, name), { recursive: true });
    writeFileSync(join(devices, name, "clock_name"), `${kind}\n`);
  }
  const file = join(folder, "run", "host.conf");
  const { status, stderr } = spawnSync("sh", [PROGRAM, file, devices], {
    encoding: "utf8",
    env: { PATH: `${folder}:${process.env.PATH ?? ""}` },
  });
  expect([status, stderr]).toEqual([0, ""]);
  return readFileSync(file, "utf8");
}

test("host-clock writes a reference clock if KVM offers the host's clock", () => {
  expect(written({ ptp0: "some network card", ptp1: "KVM virtual PTP" })).toBe(
    "refclock PHC /dev/ptp1 poll 3 dpoll -2 stratum 2\n",
  );
});

test.each([[{}], [{ ptp0: "some network card" }]])(
  "host-clock writes no reference clock if no PTP clock is from KVM: %j",
  (clocks) => {
    expect(written(clocks)).toBe("");
  },
);
