import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../../core/paths";

test("record-drain.sh appends its input to a log that others cannot read", () => {
  const folder = mkdtempSync(join(tmpdir(), "trunkline-drain-"));
  try {
    const log = join(folder, "trunkline", "drain.log");
    const script = join(ROOT, "nodes/rotation/record-drain.sh");
    for (const input of ["first\n", "second\n"]) {
      expect(spawnSync("sh", [script, log], { input }).status).toBe(0);
    }
    expect(readFileSync(log, "utf8")).toBe("first\nsecond\n");
    expect(statSync(log).mode & 0o777).toBe(0o640);
    expect(statSync(join(folder, "trunkline")).mode & 0o777).toBe(0o750);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
