import { Duplex } from "node:stream";
import { start } from "../../../phones/child-process";
import { within } from "../../../phones/within";

/** Timeout of a connection attempt, in milliseconds. It also ends attempts whose packets a security group drops. */
const DIAL_DEADLINE = 5_000;

/** Script that connects, prints "connected", and then relays data in both directions. */
const RELAY = `
exec 3<>"/dev/tcp/$1/$2" 4<&0 || exit
echo connected
cat <&4 >&3 &
exec cat <&3`;
const CONNECTED = "connected\n";

/**
 * Returns a function that opens TCP connections from inside a network namespace, as `net.connect`
 * does in this process's own namespace.
 */
export const dialFrom =
  (namespace: string) =>
  async (host: string, port: number): Promise<Duplex> => {
    const argv = ["bash", "-c", RELAY, "relay", host, String(port)];
    const relay = start(namespace, argv, { stdio: "pipe" });
    const { stdin, stdout, stderr } = relay;
    const what = `connect ${host}:${String(port)}`;
    const connected = new Promise<Duplex>((resolve, reject) => {
      let complaint = "";
      stderr?.on("data", (bytes: Buffer) => (complaint += bytes.toString()));
      relay.once("close", () => {
        const reason = /connect: (.*)/.exec(complaint)?.[1] ?? complaint.trim();
        reject(new Error(`${what}: ${reason}`));
      });
      stdout?.once("data", (bytes: Buffer) => {
        // The other side may have sent data already. Put that data back, so that the reader gets it.
        stdout.pause();
        stdout.unshift(bytes.subarray(CONNECTED.length));
        const connection = Duplex.from({ readable: stdout, writable: stdin ?? undefined });
        connection.once("end", () => connection.destroy());
        connection.once("close", () => relay.kill("SIGKILL"));
        resolve(connection);
      });
    });
    try {
      return await within(DIAL_DEADLINE, what, connected);
    } catch (error) {
      relay.kill("SIGKILL");
      throw error;
    }
  };
