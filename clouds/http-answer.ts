import { printable } from "../core/text";

/** Most bytes of an answer's body, after it is uncompressed: lists of a large project have 2 MB. */
const BODY_LIMIT = 16 << 20;

/** The body of an answer. @throws Error if it is too long, or does not come to its end */
export async function bodyOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.length;
    if (size > BODY_LIMIT) throw new Error(`an answer of more than ${String(BODY_LIMIT)} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/**
 * Where an answer sends its caller, without a query, in which there may be secrets; undefined if it is no
 * redirect (RFC 9110, section 15.4).
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
