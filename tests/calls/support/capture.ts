import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { deflateRawSync } from "node:zlib";
import { ended, start } from "../../../phones/child-process";
import { within } from "../../../phones/within";

/** Lengths of four headers, in bytes: of a pcap file, of a packet in the file, of Ethernet, and of UDP. */
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET = 14;
const UDP = 8;

/** Captures UDP payloads on an interface, until `stop` is called. `stop` returns the payloads. */
export async function capture(
  namespace: string,
  device: string,
  filter: string,
  file: string,
): Promise<{ stop(): Promise<Buffer[]> }> {
  const tcpdump = await listening(namespace, device, ["-w", file, filter]);
  return {
    async stop() {
      tcpdump.kill("SIGINT");
      await ended(tcpdump);
      return payloads(await readFile(file));
    },
  };
}

/** Watches for packets on an interface. `seen` returns a line for each packet since the last call of `seen`. */
export async function watch(
  namespace: string,
  device: string,
  filter: string,
): Promise<{ seen(): string[]; stop(): Promise<void> }> {
  const tcpdump = await listening(namespace, device, ["-l", "-t", filter]);
  let output = "";
  tcpdump.stdout?.on("data", (text: Buffer) => (output += text.toString()));
  return {
    seen() {
      const lines = output.split("\n").filter((line) => line !== "");
      output = "";
      return lines;
    },
    async stop() {
      tcpdump.kill("SIGINT");
      await ended(tcpdump);
    },
  };
}

/** Starts tcpdump, and waits until it captures packets. */
async function listening(
  namespace: string,
  device: string,
  argv: readonly string[],
): Promise<ChildProcess> {
  const tcpdump = start(namespace, ["tcpdump", "-U", "-n", "-i", device, "-Z", "root", ...argv], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ready = new Promise<void>((resolve) => {
    tcpdump.stderr?.on("data", (text: Buffer) => {
      if (text.includes("listening on")) resolve();
    });
  });
  await within(5000, "tcpdump", ready);
  return tcpdump;
}

function payloads(pcap: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = FILE_HEADER; at + RECORD_HEADER <= pcap.length;) {
    const length = pcap.readUInt32LE(at + 8);
    const frame = pcap.subarray(at + RECORD_HEADER, at + RECORD_HEADER + length);
    const ipHeader = ((frame[ETHERNET] ?? 0) & 0x0f) * 4;
    found.push(frame.subarray(ETHERNET + ipHeader + UDP));
    at += RECORD_HEADER + length;
  }
  return found;
}

/** Returns the compressed size divided by the original size. A tone compresses well; encrypted data does not. */
export function incompressible(parts: readonly Buffer[]): number {
  const all = Buffer.concat(parts);
  return deflateRawSync(all).length / all.length;
}
