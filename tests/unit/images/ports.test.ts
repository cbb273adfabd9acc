import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";
import { SIP_PORT } from "../../../core/ports";

test.each([
  "images/elements/pbx-asterisk/static/usr/lib/trunkline/report-logins",
  "images/elements/pbx-controller/static/usr/lib/trunkline/admission/sockets.py",
])("%s uses the SIP port of core/ports.ts", (path) => {
  expect(readFileSync(join(ROOT, path), "utf8")).toMatch(
    new RegExp(`^SIP_PORT = ${String(SIP_PORT)}$`, "m"),
  );
});
