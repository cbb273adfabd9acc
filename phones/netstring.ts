/** Returns `text` as a netstring, such as `5:hello,`. baresip's control connection uses netstrings. */
export function encodeNetstring(text: string): string {
  return `${String(Buffer.byteLength(text))}:${text},`;
}

/** Decodes netstrings from a stream of bytes that arrives in pieces of any size. */
export class NetstringDecoder {
  private buffered = Buffer.alloc(0);

  /**
   * Adds bytes, and returns the texts that are now complete.
   *
   * @throws Error if the length in front of a text is not an integer.
   */
  push(bytes: Buffer): string[] {
    this.buffered = Buffer.concat([this.buffered, bytes]);
    const texts: string[] = [];
    for (;;) {
      const colon = this.buffered.indexOf(":");
      if (colon < 0) return texts;
      const length = Number(this.buffered.toString("latin1", 0, colon));
      if (!Number.isInteger(length)) throw new Error("not a netstring: no length before the colon");
      const end = colon + 1 + length;
      if (this.buffered.length <= end) return texts;
      texts.push(this.buffered.toString("utf8", colon + 1, end));
      this.buffered = this.buffered.subarray(end + 1);
    }
  }
}
