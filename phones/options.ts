import { randomBytes } from "node:crypto";
import { SIP_PORT } from "../core/ports";
import { start } from "./child-process";
import { within } from "./within";

/** Timeout of a request in milliseconds. */
const DEADLINE = 3_000;

/** Returns an OPTIONS request to `host` with a new random branch, tag and Call-ID. */
export function optionsRequest(host: string): string {
  const id = randomBytes(8).toString("hex");
  return [
    `OPTIONS sip:${host} SIP/2.0`,
    // Via has an IP address, because chan_sip would look up a host name in DNS.
    `Via: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bK${id};rport`,
    "Max-Forwards: 1",
    `From: <sip:healthcheck@probe.invalid>;tag=${id}`,
    `To: <sip:healthcheck@${host}>`,
    `Call-ID: ${id}`,
    "CSeq: 1 OPTIONS",
    "Contact: <sip:probe@probe.invalid;transport=tcp>",
    "Content-Length: 0",
    "\r\n",
  ].join("\r\n");
}

/**
 * Sends OPTIONS (RFC 3261, section 11) to a SIP server over TCP, and returns the status code of the response. 200
 * means that the server is in service.
 *
 * @param server `host` or `host:port`.
 * @throws Error if there is no SIP response within 3 s.
 */
export async function sipOptions(
  server: string,
  { namespace = null }: { namespace?: string | null } = {},
): Promise<number> {
  const [host = server, port = String(SIP_PORT)] = server.split(":");
  const script = `exec 3<>"/dev/tcp/$1/$2" || exit; cat >&3; exec head -n1 <&3`;
  const probe = start(namespace, ["bash", "-c", script, "probe", host, port], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  try {
    const answer = new Promise<number>((resolve, reject) => {
      let output = "";
      probe.stdout?.on("data", (bytes: Buffer) => (output += bytes.toString()));
      probe.once("close", () => {
        const code = /^SIP\/2\.0 (\d{3}) /.exec(output)?.[1];
        if (code) resolve(Number(code));
        else reject(new Error(`${server} does not answer SIP`));
      });
    });
    probe.stdin?.on("error", () => undefined);
    probe.stdin?.end(optionsRequest(host));
    return await within(DEADLINE, `OPTIONS to ${server}`, answer);
  } finally {
    probe.kill("SIGKILL");
  }
}
