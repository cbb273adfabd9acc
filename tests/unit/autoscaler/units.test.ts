import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

const DEPLOY = join(ROOT, "autoscaler/systemd");
const UNITS = readdirSync(DEPLOY);

/** Path at which the units expect the clone. */
const INSTALLED = "/opt/trunkline";
const HOME = "/var/lib/trunkline";
const ENVIRONMENT = "/etc/trunkline/autoscale.env";

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

test("autoscaler/systemd has the service of a daemon, and a service and a timer for single ticks", () => {
  expect(UNITS).toEqual([
    "trunkline-autoscale-once.service",
    "trunkline-autoscale-once.timer",
    "trunkline-autoscale.service",
  ]);
});

test.each(UNITS)("systemd-analyze accepts %s", (unit) => {
  const { stdout, stderr, error } = spawnSync(
    "systemd-analyze",
    ["verify", "--man=no", "--recursive-errors=one", join(folder, unit)],
    { encoding: "utf8", env: { ...process.env, SYSTEMD_UNIT_PATH: `${folder}:` } },
  );
  // systemd-analyze also verifies the machine's own units; messages about those are ignored.
  const about = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("trunkline"));
  expect([error, about]).toEqual([undefined, []]);
});

test.each(UNITS.filter((unit) => unit.endsWith(".service")))(
  "%s runs cli/autoscale.ts of the clone as an unprivileged user",
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
      "KillMode=mixed",
      "UMask=0027",
    ]) {
      expect(text.split("\n")).toContain(line);
    }
  },
);

describe("the commands in docs/autoscaler.md", () => {
  const section =
    /### As a service\n([^]*?)\n### /.exec(
      readFileSync(join(ROOT, "docs/autoscaler.md"), "utf8"),
    )?.[1] ?? "";
  const commands = section.split("\n").filter((line) => line.startsWith("# "));

  test("install the clone, the home folder and the environment file at the paths that the units use", () => {
    for (const unit of UNITS.filter((name) => name.endsWith(".service"))) {
      expect(readFileSync(join(DEPLOY, unit), "utf8").split("\n")).toEqual(
        expect.arrayContaining([
          `WorkingDirectory=${INSTALLED}`,
          `EnvironmentFile=-${ENVIRONMENT}`,
          `ReadWritePaths=${INSTALLED}/.trunkline`,
          "StateDirectory=trunkline",
        ]),
      );
    }
    const all = commands.join("\n");
    for (const place of [`--home-dir ${HOME} `, ` ${INSTALLED} `, ` ${ENVIRONMENT} `]) {
      expect(all).toContain(place);
    }
  });

  test("install no file in a folder that systemd may hide from the units, such as /home or /tmp", () => {
    const targets = commands.flatMap((line) => /^# install .* (\/\S+)/.exec(line)?.[1] ?? []);
    expect(targets.length).toBeGreaterThan(1);
    expect(targets.filter((path) => /^\/(?:home|root|run\/user|tmp)\//.test(path))).toEqual([]);
  });

  test("create no stack, because the autoscaler manages an existing stack", () => {
    const made = commands.flatMap((line) => /\bmake (?:-C \S+ )?(.*)/.exec(line)?.[1] ?? []);
    expect(made).toEqual(["node_modules/.package-lock.json tools"]);
  });
});
