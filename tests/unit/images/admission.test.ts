import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

const SERVICE = join(ROOT, "images/elements/pbx-controller/static/usr/lib/trunkline/admission");

test("trunkline-admission passes its Python tests", () => {
  execFileSync("python3", ["-m", "unittest", "discover", "-s", "tests/unit/images/admission"], {
    cwd: ROOT,
    env: { ...process.env, PYTHONPATH: SERVICE, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: "pipe",
  });
});
