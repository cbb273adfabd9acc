import { createHmac } from "node:crypto";
import {
  digestKey,
  exchangeTag,
  sshAccessKeySeed,
  sshHostKeySeed,
  trunkSecret,
  userSecret,
} from "../../../plan/derived-secrets";
import { MASTER_SECRET, STACK } from "../../support/settings";

/** Computes HKDF-SHA256 step by step (RFC 5869), to check the library function that plan/derived-secrets.ts calls. */
function hkdf(key: Buffer, salt: Buffer, info: Buffer, length: number): Buffer {
  const pseudorandomKey = createHmac("sha256", salt).update(key).digest();
  const blocks: Buffer[] = [];
  for (let counter = 1; counter * 32 < length + 32; counter++) {
    const input = [blocks.at(-1) ?? Buffer.alloc(0), info, Buffer.from([counter])];
    blocks.push(createHmac("sha256", pseudorandomKey).update(Buffer.concat(input)).digest());
  }
  return Buffer.concat(blocks).subarray(0, length);
}

const derived = (purpose: string, length: number): Buffer =>
  hkdf(Buffer.from(MASTER_SECRET), Buffer.from("trunkline"), Buffer.from(purpose), length);

const extensions = Array.from({ length: 1000 }, (_, index) => String(1000 + index));

test("the HKDF of these tests passes test case 1 of RFC 5869", () => {
  const key = Buffer.alloc(22, 0x0b);
  const salt = Buffer.from("000102030405060708090a0b0c", "hex");
  const info = Buffer.from("f0f1f2f3f4f5f6f7f8f9", "hex");
  expect(hkdf(key, salt, info, 42).toString("hex")).toBe(
    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
  );
});

test("secrets are derived with HKDF from the master secret and their purpose", () => {
  expect(userSecret(MASTER_SECRET, "1001")).toBe(
    derived("sip user 1001", 15).toString("base64url"),
  );
  expect(trunkSecret(MASTER_SECRET, "zone1", "zone2")).toBe(
    derived("iax2 trunk zone1 zone2", 15).toString("base64url"),
  );
  expect(sshHostKeySeed(MASTER_SECRET, "zone1")).toEqual(derived("ssh host key zone1", 32));
  expect(sshAccessKeySeed(MASTER_SECRET)).toEqual(derived("ssh access key of the stack", 32));
  expect(digestKey(MASTER_SECRET)).toEqual(derived("digests of files", 32));
  expect(exchangeTag(MASTER_SECRET, STACK)).toBe(
    `trunkline ${derived("mark in the cloud of stack test", 6).toString("hex")}`,
  );
});

test("two stacks with the same master secret have different tags in a cloud", () => {
  expect(exchangeTag(MASTER_SECRET, "other")).not.toBe(exchangeTag(MASTER_SECRET, STACK));
});

test("the secrets of users and trunks stay the same in every release, because phones and zones store them", () => {
  expect(userSecret(MASTER_SECRET, "1001")).toBe("l99vGLu2COr8lgSp_KhC");
  expect(trunkSecret(MASTER_SECRET, "zone1", "zone2")).toBe("TVwHKyzWVL_LUOWmVHYq");
});

test("both ends of a trunk have the same secret, whatever the order of their names", () => {
  expect(trunkSecret(MASTER_SECRET, "zone10", "zone9")).toBe(
    trunkSecret(MASTER_SECRET, "zone9", "zone10"),
  );
});

test("no two users, trunks or nodes share a secret", () => {
  const zones = Array.from({ length: 30 }, (_, index) => `zone${String(index + 1)}`);
  const secrets = [
    ...extensions.map((extension) => userSecret(MASTER_SECRET, extension)),
    ...zones.flatMap((a, index) =>
      zones.slice(index + 1).map((b) => trunkSecret(MASTER_SECRET, a, b)),
    ),
    ...zones.map((zone) => sshHostKeySeed(MASTER_SECRET, zone).toString("hex")),
    sshAccessKeySeed(MASTER_SECRET).toString("hex"),
    digestKey(MASTER_SECRET).toString("hex"),
  ];
  expect(new Set(secrets).size).toBe(secrets.length);
});

test("another master secret gives a user another secret", () => {
  expect(userSecret(`${MASTER_SECRET}!`, "1001")).not.toBe(userSecret(MASTER_SECRET, "1001"));
});

test("a password has 120 bits, in characters that need no quotes in a configuration file", () => {
  for (const extension of extensions) {
    expect(userSecret(MASTER_SECRET, extension)).toMatch(/^[A-Za-z0-9_-]{20}$/);
  }
});
