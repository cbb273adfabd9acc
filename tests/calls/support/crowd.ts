import type { ChildProcess } from "node:child_process";
import { SIP_PORT } from "../../../core/ports";
import { start } from "../../../phones/child-process";
import { optionsRequest } from "../../../phones/options";

/** Script that reads a JSON list of requests, opens a connection for each request, and sends the request. */
const SCRIPT = `
const [host, port] = process.argv.slice(1);
for (const request of JSON.parse(require("node:fs").readFileSync(0, "utf8"))) {
  require("node:net").connect(port, host).on("error", () => undefined).write(request);
}`;

/**
 * Opens `count` connections to a controller, and keeps them until the returned process is killed. Sends OPTIONS on each
 * connection, because HAProxy forwards a connection to a zone only after the first SIP message.
 */
export function crowd(namespace: string, controller: string, count: number): ChildProcess {
  const argv = [process.execPath, "-e", SCRIPT, controller, String(SIP_PORT)];
  const child = start(namespace, argv, { stdio: ["pipe", "ignore", "ignore"] });
  const requests = Array.from({ length: count }, () => optionsRequest(controller));
  child.stdin?.end(JSON.stringify(requests));
  return child;
}
