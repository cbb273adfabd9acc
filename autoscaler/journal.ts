import { mkdirSync } from "node:fs";
import { once } from "node:events";
import { basename, dirname } from "node:path";
import { createStream, type RotatingFileStream } from "rotating-file-stream";
import type { Report } from "./report";

/** Some four days of a decision every 15 seconds. */
const SIZE = "2M";
const FILES = 5;

/** The log of decisions: a line of JSON for each. */
export class Journal {
  private readonly stream: RotatingFileStream;

  /** @param path of the newest file; `.1` is the one before it. */
  constructor(
    path: string,
    private readonly stack: string,
  ) {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    this.stream = createStream(basename(path), {
      ...{ path: dirname(path), mode: 0o640 },
      ...{ size: SIZE, rotate: FILES },
    });
  }

  write({ decision, from, outcome, ok }: Report, begin: number, end: number): void {
    const { action, zones, reason } = decision;
    this.stream.write(
      `${JSON.stringify({
        ...{ time: new Date(begin).toISOString(), stack: this.stack },
        ...{ action, from, zones, reason, outcome, ok },
        seconds: Math.round((end - begin) / 100) / 10,
      })}\n`,
    );
  }

  async close(): Promise<void> {
    this.stream.end();
    await once(this.stream, "finish");
  }
}
