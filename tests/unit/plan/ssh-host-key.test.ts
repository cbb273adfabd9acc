import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { isSshPublicKey } from "../../../config/ssh-public-key";
import { sshHostKeySeed } from "../../../plan/derived-secrets";
import { sshHostKey } from "../../../plan/ssh-host-key";
import { MASTER_SECRET } from "../../support/settings";

const key = sshHostKey(sshHostKeySeed(MASTER_SECRET, "zone1"), "zone1");

/** Reads the fields of an SSH message one after the other (RFC 4251, section 5). */
class Reader {
  private offset = 0;

  constructor(private readonly bytes: Buffer) {}

  take(length: number): Buffer {
    expect(this.offset + length).toBeLessThanOrEqual(this.bytes.length);
    this.offset += length;
    return this.bytes.subarray(this.offset - length, this.offset);
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.uint32());
  }

  text(): string {
    return this.string().toString();
  }

  rest(): Buffer {
    return this.take(this.bytes.length - this.offset);
  }
}

/** Parses and checks an unencrypted private key file with one Ed25519 key (OpenSSH's PROTOCOL.key). */
function readPrivateKey(file: string): { point: Buffer; seed: Buffer; comment: string } {
  const match =
    /^-----BEGIN OPENSSH PRIVATE KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END OPENSSH PRIVATE KEY-----\n$/.exec(
      file,
    );
  const outer = new Reader(Buffer.from(match?.[1] ?? "", "base64"));
  expect(outer.take(15).toString("latin1")).toBe("openssh-key-v1\0");
  expect([outer.text(), outer.text(), outer.text()]).toEqual(["none", "none", ""]);
  expect(outer.uint32()).toBe(1);
  const publicPart = new Reader(outer.string());
  expect(publicPart.text()).toBe("ssh-ed25519");
  const point = publicPart.string();
  expect(publicPart.rest()).toHaveLength(0);

  const secretBytes = outer.string();
  expect(outer.rest()).toHaveLength(0);
  expect(secretBytes.length % 8).toBe(0);
  const secretPart = new Reader(secretBytes);
  expect(secretPart.uint32()).toBe(secretPart.uint32());
  expect(secretPart.text()).toBe("ssh-ed25519");
  expect(secretPart.string()).toEqual(point);
  const pair = secretPart.string();
  expect(pair.subarray(32)).toEqual(point);
  const comment = secretPart.text();
  const padding = [...secretPart.rest()];
  expect(padding).toEqual(padding.map((_, index) => index + 1));
  expect(padding.length).toBeLessThan(8);
  return { point, seed: pair.subarray(0, 32), comment };
}

test("the private key has the format of OpenSSH", () => {
  const { seed, comment } = readPrivateKey(key.privateKey);
  expect(seed).toEqual(sshHostKeySeed(MASTER_SECRET, "zone1"));
  expect(comment).toBe("zone1");
});

test("the private key is padded to whole blocks for node names of different lengths", () => {
  for (const name of ["", "z", "zone1", "zone10", "zone100", "controller", "a-longer-name"]) {
    expect(readPrivateKey(sshHostKey(Buffer.alloc(32, 7), name).privateKey).comment).toBe(name);
  }
});

test("the public key belongs to the private key", () => {
  const { point, seed } = readPrivateKey(key.privateKey);
  const [type, blob = "", comment] = key.publicKey.split(" ");
  expect([type, comment]).toEqual(["ssh-ed25519", "zone1"]);
  expect(isSshPublicKey(key.publicKey)).toBe(true);
  expect(Buffer.from(blob, "base64").subarray(-32)).toEqual(point);

  const jwk = { kty: "OKP", crv: "Ed25519", x: point.toString("base64url") };
  const privateKey = createPrivateKey({
    key: { ...jwk, d: seed.toString("base64url") },
    format: "jwk",
  });
  const message = Buffer.from("signed by the host");
  expect(
    verify(
      null,
      message,
      createPublicKey({ key: jwk, format: "jwk" }),
      sign(null, message, privateKey),
    ),
  ).toBe(true);
});

test("the same seed always gives the same key, and another seed gives another key", () => {
  expect(sshHostKey(sshHostKeySeed(MASTER_SECRET, "zone1"), "zone1")).toEqual(key);
  expect(sshHostKey(sshHostKeySeed(MASTER_SECRET, "zone2"), "zone1")).not.toEqual(key);
});

test("the seed of the first test vector in RFC 8032 gives its public key", () => {
  const seed = Buffer.from(
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "hex",
  );
  const [, blob = ""] = sshHostKey(seed, "test").publicKey.split(" ");
  expect(Buffer.from(blob, "base64").subarray(-32).toString("hex")).toBe(
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
  );
});
