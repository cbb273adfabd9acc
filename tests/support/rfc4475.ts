import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A message of RFC 4475, "Session Initiation Protocol (SIP) Torture Test Messages". */
export interface TortureMessage {
  readonly section: string;
  readonly name: string;
  readonly bytes: Buffer;
}

/** Converts the notation of RFC 4475, section 2.1, to bytes. */
function bytesOf(text: string): Buffer {
  const latin1 = text
    .replace(
      /<allOneLine>\n([^]*?)<\/allOneLine>\n/g,
      (_, lines: string) => `${lines.replaceAll("\n", "")}\n`,
    )
    .replaceAll("\n", "\r\n")
    .replace(/<repeat count=(\d+)>(.*?)<\/repeat>/g, (_, count: string, part: string) =>
      part.repeat(Number(count)),
    )
    .replace(/<hex>(.*?)<\/hex>/g, (_, hex: string) => Buffer.from(hex, "hex").toString("latin1"));
  return Buffer.from(latin1, "latin1");
}

/** Returns all messages of section 3 of the RFC. */
export function tortureMessages(): TortureMessage[] {
  const text = readFileSync(join(__dirname, "rfc4475.txt"), "latin1");
  const parts = text.split(/^=== ([\d.]+) (\w+)\n/m).slice(1);
  return Array.from({ length: parts.length / 3 }, (_, index) => {
    const [section = "", name = "", message = ""] = parts.slice(index * 3, index * 3 + 3);
    return { section, name, bytes: bytesOf(message) };
  });
}
