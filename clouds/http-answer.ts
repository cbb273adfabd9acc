import { printable } from "../core/text";

/** Maximum size of a response body in bytes, after decompression. The lists of a large project have about 2 MB. */
const BODY_LIMIT = 16 << 20;

/** Returns the body of a response. @throws Error if the body is too large or incomplete */
export async function bodyOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > BODY_LIMIT)
      throw new Error(`the response has more than ${String(BODY_LIMIT)} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/**
 * Returns the target of a redirect (RFC 9110, section 15.4); undefined if the response is not a redirect. Omits the
 * query of the target, which may contain secrets. Returns `no address` if the target is invalid.
 */
export function redirectOf(url: string, { status, headers }: Response): string | undefined {
  if (status < 300 || status > 399) return undefined;
  try {
    const { origin, pathname } = new URL(headers.get("location") ?? "", url);
    return printable(`${origin}${pathname}`.slice(0, 200));
  } catch {
    return "no address";
  }
}
