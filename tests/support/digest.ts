import { createHash, randomBytes } from "node:crypto";

export interface Credentials {
  readonly extension: string;
  readonly secret: string;
}

/** Nonce count; always 1, because each challenge is answered once. */
const COUNT = "00000001";

const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

/**
 * Returns the value of `Authorization` for a challenge (RFC 2617, 3.2.2.1).
 *
 * @param qop whether to answer with `qop=auth` instead of the format of RFC 2069.
 */
export function digest(
  { extension, secret }: Credentials,
  method: string,
  uri: string,
  challenge: string,
  { qop = false }: { readonly qop?: boolean } = {},
): string {
  const part = (name: string): string =>
    new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1] ?? "";
  const [realm, nonce, opaque] = [part("realm"), part("nonce"), part("opaque")];
  const cnonce = randomBytes(8).toString("hex");
  const counted = qop ? [COUNT, cnonce, "auth"] : [];
  const response = md5(
    [md5(`${extension}:${realm}:${secret}`), nonce, ...counted, md5(`${method}:${uri}`)].join(":"),
  );
  const fields = { username: extension, realm, nonce, uri, response, opaque };
  const parts = Object.entries(fields)
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}="${value}"`);
  if (qop) parts.push("qop=auth", `nc=${COUNT}`, `cnonce="${cnonce}"`);
  return `Digest ${parts.join(", ")}`;
}
