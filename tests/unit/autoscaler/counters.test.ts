import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseCounters } from "../../../autoscaler/counters";
import { ROOT } from "../../../core/paths";

test("counters.sh prints the counters of this machine's kernel, and parseCounters reads them", () => {
  const output = execFileSync("sh", [join(ROOT, "autoscaler/counters.sh")], { encoding: "utf8" });
  const { boot, uptime, bytes, busy, ticks } = parseCounters(output);

  expect(boot).toBe(readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim());
  expect(uptime).toBeGreaterThan(0);
  expect(bytes).toBeGreaterThanOrEqual(0);
  expect(busy).toBeGreaterThan(0);
  expect(ticks).toBeGreaterThan(busy);
});
