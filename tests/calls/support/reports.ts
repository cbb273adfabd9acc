import type { ChildProcess } from "node:child_process";
import { REPORT_PORT } from "../../../core/ports";
import { ended, start } from "../../../phones/child-process";
import { eventually } from "./eventually";

/** Report of a zone about log-ins. `report-logins` documents the protocol. */
export interface LoginReport {
  readonly event: string;
  readonly zone?: string;
  readonly account?: string;
  readonly port?: number;
  readonly service?: string;
  readonly count?: number;
}

/** Script that listens on a port, and prints the data that arrives on all connections. */
const SCRIPT = `
require("node:net").createServer((connection) => connection.on("error", () => undefined).pipe(process.stdout, { end: false }))
  .listen(Number(process.argv[1]), "0.0.0.0");`;

/** Receiver of log-in reports, in place of trunkline-admission. */
export class Reports {
  readonly all: LoginReport[] = [];
  private process: ChildProcess | null = null;

  constructor(private readonly namespace: string) {}

  listen(): void {
    const child = start(this.namespace, [process.execPath, "-e", SCRIPT, String(REPORT_PORT)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let rest = "";
    child.stdout?.on("data", (bytes: Buffer) => {
      const lines = (rest + bytes.toString()).split("\n");
      rest = lines.pop() ?? "";
      this.all.push(...lines.map((line) => JSON.parse(line) as LoginReport));
    });
    this.process = child;
  }

  /** Ends the listener and its connections. */
  async stop(): Promise<void> {
    if (this.process === null) return;
    this.process.kill("SIGKILL");
    await ended(this.process);
    this.process = null;
  }

  of(event: string): LoginReport[] {
    return this.all.filter((report) => report.event === event);
  }

  forget(): void {
    this.all.length = 0;
  }

  /** Waits until at least `count` reports of `event` have arrived, and returns all reports of `event`. */
  async until(event: string, count: number, seconds = 10): Promise<LoginReport[]> {
    return eventually(`${String(count)} reports of "${event}"`, seconds, () => {
      const found = this.of(event);
      if (found.length < count) throw new Error(`there are ${String(found.length)}`);
      return Promise.resolve(found);
    });
  }
}
