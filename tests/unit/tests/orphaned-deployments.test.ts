import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orphanedIn } from "../../lab/orphaned";

/** Process ID that is higher than the ID of any process. */
const NO_PROCESS = 2 ** 30;

test("orphanedIn returns only deployments in the lab whose creating process no longer runs", () => {
  const place = mkdtempSync(join(tmpdir(), "trunkline-place-"));
  const names = [
    `trunkline-lab-${String(NO_PROCESS)}-abc`,
    `trunkline-lab-${String(process.pid)}-abc`,
    `trunkline-deployment-abc`,
  ];
  for (const name of names) {
    mkdirSync(join(place, name));
    writeFileSync(join(place, name, "passphrase"), "");
  }
  mkdirSync(join(place, `trunkline-lab-${String(NO_PROCESS)}-new`));
  writeFileSync(join(place, "a-file-of-others"), "");
  expect(orphanedIn(place)).toEqual([join(place, names[0] ?? "")]);
  rmSync(place, { recursive: true });
});
