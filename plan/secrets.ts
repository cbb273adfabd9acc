import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";

/** As OpenSSL wants it: to make that anew for each of ten thousand users takes longer than to derive. */
let key: { readonly of: string; readonly object: KeyObject } | undefined;

function keyOf(masterSecret: string): KeyObject {
  if (key?.of !== masterSecret) {
    key = { of: masterSecret, object: createSecretKey(masterSecret, "utf8") };
  }
  return key.object;
}

/**
 * Everything secret comes from the stack's one master secret by HKDF (RFC 5869): the same stack
 * always has the same secrets, nothing needs storing, and none of them tells another one.
 */
function derive(masterSecret: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync("sha256", keyOf(masterSecret), "trunkline", purpose, bytes));
}

/** 120 bits, as 20 characters that need no quoting in any configuration file. */
const PASSWORD_BYTES = 15;

/** SIP password of a user without an explicit one. */
export function userSecret(masterSecret: string, extension: string): string {
  return derive(masterSecret, `sip user ${extension}`, PASSWORD_BYTES).toString("base64url");
}

/** IAX2 secret of two zones, the same from either end. */
export function trunkSecret(masterSecret: string, zone: string, otherZone: string): string {
  const [a, b] = [zone, otherZone].sort();
  return derive(masterSecret, `iax2 trunk ${String(a)} ${String(b)}`, PASSWORD_BYTES).toString(
    "base64url",
  );
}

/** Seed of a node's Ed25519 host key (RFC 8032: 32 bytes). */
export function sshHostKeySeed(masterSecret: string, node: string): Buffer {
  return derive(masterSecret, `ssh host key ${node}`, 32);
}

/** Seed of the Ed25519 key pair that the stack itself reaches its nodes with. */
export function sshAccessKeySeed(masterSecret: string): Buffer {
  return derive(masterSecret, "ssh access key of the stack", 32);
}

/** Key of the digests that files are compared by: without it, nobody tries contents out. */
export function digestKey(masterSecret: string): Buffer {
  return derive(masterSecret, "digests of files", 32);
}

/**
 * What tells all that this exchange has in a cloud from what others have there. It is no secret. Two
 * stacks may share a master secret, so that phones can move from one to the other: their marks differ.
 */
export function exchangeTag(masterSecret: string, stack: string): string {
  return `trunkline ${derive(masterSecret, `mark in the cloud of stack ${stack}`, 6).toString("hex")}`;
}
