import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

test("lab.sh trouble prints the units that are down, and the last error of each log", () => {
  const state = mkdtempSync(join(tmpdir(), "trunkline-lab-"));
  try {
    mkdirSync(join(state, "log"));
    writeFileSync(
      join(state, "log/nova-api.log"),
      "2026-01-01 10:00:00.1 12 ERROR nova.api [-] the first error\n" +
        "2026-01-01 10:00:01.2 12 ERROR nova.api [-] the last error\n" +
        "2026-01-01 10:00:02.3 12 INFO nova.api [-] no error\n",
    );
    const output = execFileSync(join(ROOT, "lab/lab.sh"), ["trouble"], {
      encoding: "utf8",
      env: { ...process.env, LAB_STATE: state },
    });
    expect(output).toContain("mariadb: is down\n");
    expect(output).toMatch(/^nova-api: 2026-01-01 10:00:01.2 the last error$/m);
    expect(output).not.toMatch(/the first error|no error/);
  } finally {
    rmSync(state, { recursive: true });
  }
});
