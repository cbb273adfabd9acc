import { createHash, createPrivateKey, createPublicKey } from "node:crypto";

/**
 * Ed25519 key pair in OpenSSH's formats: the host key of a node, or the key pair with which the stack logs in. A host
 * key is known before its node exists, so trust on first use is not needed.
 */
export interface SshHostKey {
  /** Private key in OpenSSH's own format. Older releases read Ed25519 keys only in this format. */
  readonly privateKey: string;
  /** Public key in one line: `ssh-ed25519 AAAA… zone1`. */
  readonly publicKey: string;
}

const TYPE = "ssh-ed25519";

/** PKCS #8 prefix of an Ed25519 seed (RFC 8410, section 7). */
const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");

/** Encodes a `string` of the SSH wire format (RFC 4251, section 5). */
function wire(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/**
 * Returns the key pair of `seed`. Libraries write this format with a random check number. This function derives the
 * number from the key, because each run of the program must produce the same user data.
 *
 * Layout: OpenSSH's PROTOCOL.key, unencrypted.
 *
 * @param seed 32 bytes.
 * @param node comment of the key.
 */
export function sshHostKey(seed: Buffer, node: string): SshHostKey {
  const der = Buffer.concat([PKCS8_ED25519, seed]);
  const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  const publicPoint = key.export({ format: "der", type: "spki" }).subarray(-32);
  const publicBlob = Buffer.concat([wire(TYPE), wire(publicPoint)]);

  // The check number occurs twice, so that a reader can detect a wrong passphrase. Any number is valid.
  const check = createHash("sha256").update(publicBlob).digest().subarray(0, 4);
  const secretPart = Buffer.concat([
    check,
    check,
    publicBlob,
    wire(Buffer.concat([seed, publicPoint])),
    wire(node),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, -secretPart.length & 7);
  const one = Buffer.from([0, 0, 0, 1]);
  const blob = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    wire("none"), // cipher
    wire("none"), // key derivation
    wire(""), // options of the key derivation
    one, // number of keys
    wire(publicBlob),
    wire(Buffer.concat([secretPart, padding])),
  ]);
  const lines = blob.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    privateKey: [
      "-----BEGIN OPENSSH PRIVATE KEY-----",
      ...lines,
      "-----END OPENSSH PRIVATE KEY-----",
      "",
    ].join("\n"),
    publicKey: `${TYPE} ${publicBlob.toString("base64")} ${node}`,
  };
}
