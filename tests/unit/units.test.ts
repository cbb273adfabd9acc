import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../cli/paths";

const DEPLOY = join(ROOT, "deploy");
const UNITS = readdirSync(DEPLOY);

/** Where the units expect the clone. */
const INSTALLED = "/opt/trunkline";

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-units-"));
  for (const unit of UNITS) {
    const text = readFileSync(join(DEPLOY, unit), "utf8");
    writeFileSync(join(folder, unit), text.replaceAll(INSTALLED, ROOT));
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test("there is a daemon, and a timer for single looks", () => {
  expect(UNITS).toEqual([
    "trunkline-autoscale-once.service",
    "trunkline-autoscale-once.timer",
    "trunkline-autoscale.service",
  ]);
});

test.each(UNITS)("systemd has nothing against %s", (unit) => {
  const { stdout, stderr, error } = spawnSync(
    "systemd-analyze",
    ["verify", "--man=no", "--recursive-errors=one", join(folder, unit)],
    { encoding: "utf8", env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` } },
  );
  // It reads the machine's own units as well, and says what it has against those.
  const about = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("trunkline"));
  expect([error, about]).toEqual([undefined, []]);
});

test.each(UNITS.filter((unit) => unit.endsWith(".service")))(
  "%s runs a program of this clone, as a user without rights",
  (unit) => {
    const text = readFileSync(join(folder, unit), "utf8");
    expect(text).toContain(
      `ExecStart=${ROOT}/tools/with-node.sh node --import tsx cli/autoscale.ts`,
    );
    for (const line of [
      ...[
        "User=trunkline",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
      ],
      ...["KillMode=mixed", "UMask=0027"],
    ]) {
      expect(text.split("\n")).toContain(line);
    }
  },
);
