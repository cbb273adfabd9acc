import { createSecretKey, hkdfSync, type KeyObject } from "node:crypto";

/** Cached KeyObject, so that it is not created for each user. */
let cached: { readonly masterSecret: string; readonly key: KeyObject } | undefined;

function keyOf(masterSecret: string): KeyObject {
  if (cached?.masterSecret !== masterSecret) {
    cached = { masterSecret, key: createSecretKey(masterSecret, "utf8") };
  }
  return cached.key;
}

/**
 * Derives a secret from the stack's master secret with HKDF (RFC 5869). Equal arguments give equal secrets, so derived
 * secrets need not be stored. A derived secret reveals no other secret.
 */
function derive(masterSecret: string, purpose: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync("sha256", keyOf(masterSecret), "trunkline", purpose, bytes));
}

/** Number of bytes of a password: 120 bits. In base64url, these are 20 characters that no file has to quote. */
const PASSWORD_BYTES = 15;

/** Derives the SIP password of a user that has no explicit password. */
export function userSecret(masterSecret: string, extension: string): string {
  return derive(masterSecret, `sip user ${extension}`, PASSWORD_BYTES).toString("base64url");
}

/** Derives the IAX2 secret of two zones. The order of the zones does not matter. */
export function trunkSecret(masterSecret: string, zone: string, otherZone: string): string {
  const [a, b] = [zone, otherZone].sort();
  return derive(masterSecret, `iax2 trunk ${String(a)} ${String(b)}`, PASSWORD_BYTES).toString(
    "base64url",
  );
}

/** Derives the seed of a node's Ed25519 host key (RFC 8032: 32 bytes). */
export function sshHostKeySeed(masterSecret: string, node: string): Buffer {
  return derive(masterSecret, `ssh host key ${node}`, 32);
}

/** Derives the seed of the Ed25519 key pair with which the stack logs in to its nodes. */
export function sshAccessKeySeed(masterSecret: string): Buffer {
  return derive(masterSecret, "ssh access key of the stack", 32);
}

/** Derives the HMAC key for digests of files. Without this key, contents cannot be guessed from a digest. */
export function digestKey(masterSecret: string): Buffer {
  return derive(masterSecret, "digests of files", 32);
}

/**
 * Returns the tag that identifies the resources of this exchange in a cloud. The tag is not secret. Two stacks may
 * share a master secret, so that phones can move between them. The tags of such stacks differ.
 *
 * The text "mark in the cloud" must not change: the tag would change, and Trunkline would no longer find the existing
 * resources.
 */
export function exchangeTag(masterSecret: string, stack: string): string {
  return `trunkline ${derive(masterSecret, `mark in the cloud of stack ${stack}`, 6).toString("hex")}`;
}
