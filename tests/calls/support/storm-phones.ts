import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { start } from "../../../phones/child-process";
import { within } from "../../../phones/within";
import type { Storm, StormResult } from "../../support/storm";

const PROGRAM = join(__dirname, "../../support/storm.ts");
/** Deadline for a storm, in milliseconds. A phone waits for an answer for 32 s at most. */
const DEADLINE = 50_000;

/** Registers the phones of one storm, and then ends the phones and their connections. */
export async function registerOnce(namespace: string, storm: Storm): Promise<StormResult> {
  const phones = StormPhones.start(namespace);
  try {
    return await phones.register(storm);
  } finally {
    await phones.close();
  }
}

/** Phones that register in a storm. They run in a separate process and network namespace. */
export class StormPhones {
  private constructor(
    private readonly child: ChildProcess,
    private readonly output: Interface,
  ) {}

  static start(namespace: string): StormPhones {
    const child = start(namespace, [process.execPath, "--import", "tsx", PROGRAM], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    if (child.stdout === null) throw new Error("the phones' process has no standard output");
    return new StormPhones(child, createInterface({ input: child.stdout }));
  }

  /** Registers all phones, and returns the result. Connections that a previous storm has kept stay open. */
  async register(storm: Storm): Promise<StormResult> {
    const result = within(DEADLINE, "a storm", once(this.output, "line"));
    this.child.stdin?.write(`${JSON.stringify(storm)}\n`);
    const [line] = (await result) as [string];
    return JSON.parse(line) as StormResult;
  }

  async close(): Promise<void> {
    if (this.child.exitCode === null && this.child.kill("SIGKILL")) await once(this.child, "exit");
  }
}
