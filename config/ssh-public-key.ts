/** Key types that sshd in the images accepts. The last two are for security tokens (OpenSSH's PROTOCOL.u2f). */
const TYPES: ReadonlySet<string> = new Set([
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "sk-ssh-ed25519@openssh.com",
  "sk-ecdsa-sha2-nistp256@openssh.com",
]);

/**
 * Returns whether `line` is an OpenSSH public key: type, blob and optional comment. The first field of the blob must
 * repeat the type (RFC 4253, section 6.6). The lengths of all fields must match the blob, so that a truncated key is
 * rejected before it makes a server inaccessible.
 */
export function isSshPublicKey(line: string): boolean {
  const match = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?: [^\r\n]*)?$/.exec(line);
  const [, type = "", encoded = ""] = match ?? [];
  const blob = Buffer.from(encoded, "base64");
  if (
    !TYPES.has(type) ||
    blob.length < 4 + type.length + 4 ||
    blob.readUInt32BE(0) !== type.length
  ) {
    return false;
  }
  let offset = 0;
  while (offset + 4 <= blob.length) {
    offset += 4 + blob.readUInt32BE(offset);
  }
  return blob.toString("latin1", 4, 4 + type.length) === type && offset === blob.length;
}
