import { createHash } from "node:crypto";

/** Who answers a challenge. */
export interface Credentials {
  readonly extension: string;
  readonly secret: string;
}

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

/** The value of `Authorization` for a response that challenges (RFC 2617, 3.2.2.1, without `qop`). */
export function digest(
  { extension, secret }: Credentials,
  method: string,
  uri: string,
  challenge: string,
): string {
  const part = (name: string): string =>
    new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1] ?? "";
  const [realm, nonce, opaque] = [part("realm"), part("nonce"), part("opaque")];
  const response = md5(
    [md5(`${extension}:${realm}:${secret}`), nonce, md5(`${method}:${uri}`)].join(":"),
  );
  const said = { username: extension, realm, nonce, uri, response, opaque };
  const parts = Object.entries(said).filter(([, value]) => value !== "");
  return `Digest ${parts.map(([name, value]) => `${name}="${value}"`).join(", ")}`;
}
