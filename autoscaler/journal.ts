import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { createStream, type RotatingFileStream } from "rotating-file-stream";
import type { Report } from "./report";

/** Size at which a file is rotated. With a decision every 15 seconds, a file covers one to two days. */
const SIZE = "2M";
/** Number of rotated files to keep. */
const FILES = 5;

/** The decision log: one line of JSON for each decision. */
export class Journal {
  private stream: RotatingFileStream | null = null;

  /**
   * @param path path of the newest file; the previous file has the suffix `.1`.
   * @param say prints why a decision could not be logged. A failed write does not stop the autoscaler.
   */
  constructor(
    private readonly path: string,
    private readonly stack: string,
    private readonly say: (line: string) => void,
  ) {}

  write({ decision, from, outcome, ok }: Report, begin: number, end: number): void {
    const { action, zones, reason } = decision;
    this.stream ??= this.open();
    this.stream.write(
      `${JSON.stringify({
        time: new Date(begin).toISOString(),
        stack: this.stack,
        action,
        from,
        zones,
        reason,
        outcome,
        ok,
        seconds: Math.round((end - begin) / 100) / 10,
      })}\n`,
    );
  }

  async close(): Promise<void> {
    const { stream } = this;
    if (stream === null) return;
    stream.end();
    // If the stream has an error, the handler in `open` prints the error.
    await once(stream, "finish").catch(() => undefined);
  }

  private open(): RotatingFileStream {
    const folder = dirname(this.path);
    mkdirSync(folder, { recursive: true, mode: 0o750 });
    const stream = createStream(basename(this.path), {
      path: folder,
      mode: 0o640,
      size: SIZE,
      rotate: FILES,
    });
    stream.on("error", ({ message }) => {
      this.say(`the log of decisions cannot be written: ${message}`);
      this.stream = null;
    });
    return stream;
  }
}
