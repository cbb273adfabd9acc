import { randomBytes, randomUUID } from "node:crypto";
import { optionsRequest } from "../../phones/options";
import type { Attack } from "./attack-sender";
import { tortureMessages } from "./rfc4475";

const KIB = 1024;
const MIB = 1024 * KIB;
/** Size of a piece in bytes, for a message that is sent in pieces. */
const PIECE = 40;
/** Milliseconds between two pieces. */
const PAUSE = 2;

const attack = (
  name: string,
  parts: readonly (Buffer | string)[],
  times = 1,
  pause = 0,
): Attack => ({
  name,
  parts: parts.map((part) => Buffer.from(part as string).toString("base64")),
  times,
  pause,
});

/** Returns two attacks: one sends the message as a whole, the other sends the message in pieces. */
const wholeAndInPieces = (name: string, message: Buffer): Attack[] => {
  const pieces = Array.from({ length: Math.ceil(message.length / PIECE) }, (_, index) =>
    message.subarray(index * PIECE, (index + 1) * PIECE),
  );
  return [attack(name, [message]), attack(`${name} in pieces`, pieces, 1, PAUSE)];
};

/** Returns the attacks of `wholeAndInPieces` for each message of RFC 4475. */
export const tortureAttacks = (): Attack[] =>
  tortureMessages().flatMap(({ section, name, bytes }) =>
    wholeAndInPieces(`${section} ${name}`, bytes),
  );

/** Returns an OPTIONS request with `lines` before its Content-Length. */
const requestWith = (...lines: readonly string[]): string =>
  optionsRequest("192.0.2.1").replace(
    "Content-Length: 0",
    [...lines, "Content-Length: 0"].join("\r\n"),
  );

/** Returns attacks with small requests without a log-in. Asterisk may log more bytes than such a request has. */
export const strangersAttacks = (): Attack[] => [
  attack(
    "registrations without a log-in",
    Array.from({ length: 200 }, (_, count) =>
      [
        "REGISTER sip:192.0.2.1 SIP/2.0",
        `v: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK${String(count)}`,
        "f: <sip:x@192.0.2.1>;tag=x",
        "t: <sip:x@192.0.2.1>",
        `i: ${randomUUID()}`,
        "CSeq: 1 REGISTER",
        "l: 0",
        "\r\n",
      ].join("\r\n"),
    ),
  ),
];

/** Returns an OPTIONS request with any text as Content-Length, and with `body`. */
const wrongLength = (length: string, body = ""): string =>
  optionsRequest("192.0.2.1").replace("Content-Length: 0", `Content-Length: ${length}`) + body;

const LOG_LINE = "\n[2030-01-01 00:00:00.000] ERROR[1] config.c: extensions.conf is wrong\n";

/** Returns attacks that are not from RFC 4475: incomplete, oversized, pipelined and invalid input. */
export const ownAttacks = (): Attack[] => [
  attack("a header line of 64 KiB", [requestWith(`Subject: ${"x".repeat(64 * KIB)}`)]),
  attack("a request line of 64 KiB", [
    requestWith().replace("sip:192.0.2.1", `sip:${"x".repeat(64 * KIB)}@192.0.2.1`),
  ]),
  attack("4,000 Via lines", [
    requestWith(
      ...Array.from({ length: 4_000 }, (_, n) => `Via: SIP/2.0/TCP 192.0.2.1:${String(n)}`),
    ),
  ]),
  attack("a From of 8 KiB", [
    requestWith().replace("healthcheck@probe", `${"a".repeat(8 * KIB)}@probe`),
  ]),
  ...["1", "100", "-1", "65536", "4294967296", "99999999999999999999", "0x10", "1 2", ""].map(
    (length) =>
      attack(`Content-Length: ${length}`, [wrongLength(length, "v=0\r\n"), requestWith()], 20),
  ),
  attack("two Content-Length headers", [requestWith("Content-Length: 70000"), requestWith()]),
  attack("a body of 1 MiB", [wrongLength(String(MIB)), Buffer.alloc(64 * KIB, "b")], 16),
  attack("NUL bytes in some headers", [
    requestWith(`Subject: a\0b`, "X\0Y: z").replace("70", "7\x000"),
  ]),
  attack("bare line feeds", [requestWith().replaceAll("\r\n", "\n")], 20),
  attack("bare carriage returns", [requestWith().replaceAll("\r\n", "\r")], 20),
  attack(
    "a forged line of the log",
    [requestWith(`Subject: ${LOG_LINE}`).replace("Call-ID", LOG_LINE)],
    20,
  ),
  attack(
    "2,000 pipelined requests",
    Array.from({ length: 2_000 }, () => requestWith()),
  ),
  attack("requests and garbage", [requestWith(), "garbage\r\n\r\n", requestWith()], 50),
  attack("only the first byte", ["O"]),
  attack("a response without a request", ["SIP/2.0 200 OK\r\n\r\n"], 100),
  attack("TLS", [Buffer.from("16030100c8010000c40303", "hex")]),
  attack("HTTP", ["GET / HTTP/1.1\r\nHost: 192.0.2.1\r\n\r\n"], 20),
  attack("10 MiB of letters", [Buffer.alloc(64 * KIB, "a")], 160),
  attack("10 MiB of NUL bytes", [Buffer.alloc(64 * KIB)], 160),
  attack("10 MiB of line ends", [Buffer.from("\r\n".repeat(32 * KIB))], 160),
  attack("10 MiB at random", [randomBytes(64 * KIB)], 160),
  attack(
    "an endless header",
    ["OPTIONS sip:192.0.2.1 SIP/2.0\r\n", "X: y\r\n".repeat(8 * KIB)],
    210,
  ),
  attack(
    "an endless header line",
    ["OPTIONS sip:192.0.2.1 SIP/2.0\r\nX: ", "x".repeat(64 * KIB)],
    160,
  ),
];
