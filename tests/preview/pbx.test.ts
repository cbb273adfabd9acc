import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../core/paths";
import type { Run } from "../support/pulumi";

jest.setTimeout(120_000);

describe("npm run pbx", () => {
  const state = mkdtempSync(join(tmpdir(), "trunkline-pbx-"));
  afterAll(() => {
    rmSync(state, { recursive: true });
  });

  const pbx = (...args: readonly string[]): Promise<Run> =>
    new Promise((resolve) => {
      execFile(
        join(ROOT, "node_modules", ".bin", "tsx"),
        [join(ROOT, "cli", "pbx.ts"), ...args],
        {
          env: {
            ...process.env,
            PULUMI_BACKEND_URL: `file://${state}`,
            PULUMI_CONFIG_PASSPHRASE: "of-tests-alone",
          },
        },
        (error, stdout, stderr) => {
          resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
        },
      );
    });

  test.each([
    [
      ["status", "--stack", "nowhere"],
      "there is no stack nowhere; create it with: make up STACK=nowhere",
    ],
    [["dance"], "there is no command dance; see --help"],
    [[], "COMMAND is missing; see --help"],
    [["drain"], "ZONE is missing; see --help"],
    [["undrain", "zone1", "zone2"], "unexpected argument zone2; see --help"],
    [["calls", "--watch"], "--watch is for status, not for calls"],
    [["status", "--lift", "203.0.113.7"], "--lift is for bans, not for status"],
    [["zones", "--colour"], "Unknown option '--colour'; see --help"],
  ])("rejects %j with a message of one line", async (args, fault) => {
    expect(await pbx(...args)).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: `trunkline: ${fault}\n`,
    });
  });

  test("makes Pulumi write no .attrs files, which a kill could leave incomplete", async () => {
    await pbx("status", "--stack", "nowhere");
    const files = readdirSync(join(state, ".pulumi"));
    expect(files).toContain("meta.yaml");
    expect(files.filter((name) => name.endsWith(".attrs"))).toEqual([]);
  });

  test.each(["status", "zones", "calls", "drain", "undrain", "bans"])(
    "prints the usage for %s --help",
    async (name) => {
      const { exitCode, stdout, stderr } = await pbx(name, "--help");
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(`npm run pbx -- ${name}`);
    },
  );
});
