import type { ChildProcess } from "node:child_process";
import { start } from "../../../phones/command";
import { optionsRequest } from "../../../phones/options";
import { SIP_PORT } from "../../../core/ports";

/** A connection for each request that it reads. */
const SCRIPT = `
const [host, port] = process.argv.slice(1);
for (const request of JSON.parse(require("node:fs").readFileSync(0, "utf8"))) {
  require("node:net").connect(port, host).on("error", () => undefined).write(request);
}`;

/**
 * Connects with a controller `count` times, until it is killed. On each connection it asks something, as a
 * phone does: Asterisk closes one that says nothing of SIP.
 */
export function crowd(namespace: string, controller: string, count: number): ChildProcess {
  const argv = [process.execPath, "-e", SCRIPT, controller, String(SIP_PORT)];
  const child = start(namespace, argv, { stdio: ["pipe", "ignore", "ignore"] });
  const requests = Array.from({ length: count }, () => optionsRequest(controller));
  child.stdin?.end(JSON.stringify(requests));
  return child;
}
