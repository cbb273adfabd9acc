import { type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import { run, start } from "../../../phones/child-process";
import { within } from "../../../phones/within";
import type { AttackResult, Attacks } from "../../support/attack-sender";
import type { PhonePair, CallTimes } from "../../support/phone-pair";

const program = (name: string): string[] => [
  process.execPath,
  "--import",
  "tsx",
  join(__dirname, "../../support", name),
];

/** Sends all attacks from a network namespace, and returns the results. */
export const sendAttacks = async (namespace: string, attacks: Attacks): Promise<AttackResult[]> =>
  JSON.parse(
    await run(program("attack-sender.ts"), { namespace, input: JSON.stringify(attacks) }),
  ) as AttackResult[];

/** Deadline for each message of the phones, in milliseconds: that they are ready, and their response times. */
const DEADLINE = 15_000;

/** Phones that use the exchange during an attack. They run in a separate process and network namespace. */
export class Bystander {
  private constructor(
    private readonly child: ChildProcess,
    private readonly output: Interface,
  ) {}

  static async start(namespace: string, pair: PhonePair): Promise<Bystander> {
    const child = start(namespace, program("phone-pair.ts"), {
      stdio: ["pipe", "pipe", "inherit"],
    });
    if (child.stdin === null || child.stdout === null)
      throw new Error("the phones' process has no standard streams");
    child.stdin.end(JSON.stringify(pair));
    const bystander = new Bystander(child, createInterface({ input: child.stdout }));
    await bystander.line("phones that are ready");
    return bystander;
  }

  /** Ends the phones, and returns their response times. */
  async stop(): Promise<CallTimes> {
    this.child.kill("SIGTERM");
    return JSON.parse(await this.line("response times of phones")) as CallTimes;
  }

  private async line(what: string): Promise<string> {
    const [line] = (await within(DEADLINE, what, once(this.output, "line"))) as [string];
    return line;
  }
}
