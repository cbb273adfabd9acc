import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

let folder: string;
let journal: string;

/** Creates fake commands. dpkg removes its journal and then fails. apt-get fails while there is a journal. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-apt-"));
  journal = join(folder, "dpkg/updates");
  for (const path of [journal, join(folder, "bin")]) mkdirSync(path, { recursive: true });
  program("flock", 'shift 3; exec "$@"');
  program("dpkg", `echo "dpkg $*" >>'${folder}/calls'; rm '${journal}'/*; exit 1`);
  program(
    "apt-get",
    `echo "apt-get \${7} $DEBIAN_FRONTEND" >>'${folder}/calls'; ! [ -e '${journal}/0000' ]`,
  );
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(name: string, body: string): void {
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

function update() {
  const { status } = spawnSync(join(ROOT, "tools/apt-get.sh"), ["update"], {
    stdio: "ignore",
    env: {
      PATH: `${folder}/bin:${process.env.PATH ?? ""}`,
      DPKG_ADMINDIR: join(folder, "dpkg"),
    },
  });
  const calls = readFileSync(join(folder, "calls"), "utf8").trimEnd().split("\n");
  return { status, calls };
}

test("apt-get.sh runs only apt-get if dpkg has no journal", () => {
  expect(update()).toEqual({ status: 0, calls: ["apt-get update noninteractive"] });
});

test("apt-get.sh first repairs an interrupted dpkg run, and continues if the repair fails", () => {
  writeFileSync(join(journal, "0000"), "");
  writeFileSync(join(journal, "tmp.i"), "");
  expect(update()).toEqual({
    status: 0,
    calls: ["dpkg --force-confdef --force-confold --configure -a", "apt-get update noninteractive"],
  });
});
