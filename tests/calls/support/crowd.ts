import type { ChildProcess } from "node:child_process";
import { start } from "../../../phones/command";
import { optionsRequest } from "../../../phones/options";
import { SIP_PORT } from "../../../core/ports";

/** Opens a connection for each request on standard input. */
const SCRIPT = `
const [host, port] = process.argv.slice(1);
for (const request of JSON.parse(require("node:fs").readFileSync(0, "utf8"))) {
  require("node:net").connect(port, host).on("error", () => undefined).write(request);
}`;

/**
 * Opens `count` connections to a controller, and keeps them until the process is killed. Sends OPTIONS on
 * each connection, because Asterisk closes connections without SIP messages.
 */
export function crowd(namespace: string, controller: string, count: number): ChildProcess {
  const argv = [process.execPath, "-e", SCRIPT, controller, String(SIP_PORT)];
  const child = start(namespace, argv, { stdio: ["pipe", "ignore", "ignore"] });
  const requests = Array.from({ length: count }, () => optionsRequest(controller));
  child.stdin?.end(JSON.stringify(requests));
  return child;
}
