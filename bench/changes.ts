import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { MAX_LOSS_PERCENT } from "../cli/prove";
import { command } from "../core/command";
import { ROOT } from "../core/paths";
import { Phone } from "../phones/phone";
import { type Deployment, newDeployment } from "../tests/lab/deployment";
import { onNode } from "../tests/lab/ssh";
import { keep, machine, formatTable, median, timed } from "./figures";
import { Witness } from "./witness";

/** One row of the results. */
interface Figure {
  readonly change: string;
  readonly seconds: number;
  /** Effect of the change on a call; null if there was no call. */
  readonly witness: { readonly callsDropped: number; readonly lossPercent: number } | null;
  /** Goal of the measurement, and whether the goal was met; null if there is no goal. */
  readonly goal: { readonly text: string; readonly isMet: boolean } | null;
}

/** Returns the value of `pbx:users` for `count` users, with extensions from 10001 up. */
const users = (count: number): string =>
  JSON.stringify([{ range: `10001-${String(10_000 + count)}` }]);

const FEW = 10;
const MANY = 10_000;

/** An exchange in the lab, with the measurements of its changes. */
class Bench {
  readonly figures: Figure[] = [];
  /**
   * Call between zone1 and zone2; null if no call was started since the last `hangUp`. No change removes these zones.
   */
  private witness: Witness | null = null;

  constructor(readonly deployment: Deployment) {}

  /** Sets `settings`, and runs `pulumi up` without a preview. Returns the duration of `pulumi up` in seconds. */
  async update(settings: Readonly<Record<string, string>> = {}): Promise<number> {
    const { stack, directory } = this.deployment;
    for (const [key, value] of Object.entries(settings)) {
      await stack.setConfig(`pbx:${key}`, { value });
    }
    return timed(() =>
      command(
        "pulumi",
        [
          "up",
          "--yes",
          "--skip-preview",
          "--non-interactive",
          "--stack",
          "test",
          "--cwd",
          directory,
        ],
        { env: { ...process.env, ...stack.workspace.envVars } },
      ),
    );
  }

  add(
    change: string,
    seconds: number,
    { witness = null, goal = null }: Partial<Pick<Figure, "witness" | "goal">> = {},
  ): void {
    this.figures.push({ change, seconds, witness, goal });
    process.stderr.write(`changes: ${change}: ${seconds.toFixed(1)} s\n`);
  }

  /** Measures a change during a call. Starts a new call if there is none, or if the last call was dropped. */
  async witnessed(change: string, settings: Readonly<Record<string, string>>): Promise<void> {
    if (this.witness?.isDropped !== false) {
      await this.hangUp();
      this.witness = await Witness.start(await this.deployment.outputs(), ["zone1", "zone2"]);
    }
    const { witness } = this;
    let seconds = NaN;
    const lossPercent = await witness.lossDuring(async () => {
      seconds = await this.update(settings);
    });
    this.add(change, seconds, {
      witness: { callsDropped: witness.isDropped ? 1 : 0, lossPercent },
      goal: {
        text: `no call dropped, loss ≤ ${String(MAX_LOSS_PERCENT)} %`,
        isMet: !witness.isDropped && lossPercent <= MAX_LOSS_PERCENT,
      },
    });
  }

  /**
   * Returns the time in seconds to copy users.sql from all zones to this machine in parallel, without the time for the
   * SSH log-ins.
   */
  async transfer(): Promise<number> {
    const { zones } = await this.deployment.outputs();
    const access = await this.deployment.access();
    const everywhere = (script: string): Promise<number> =>
      timed(() => Promise.all(zones.map(({ fixedIp }) => onNode(access, script, fixedIp))));
    const logins = await everywhere("true");
    return Math.max(0, (await everywhere("cat /etc/asterisk/users.sql")) - logins);
  }

  async hangUp(): Promise<void> {
    await this.witness?.close();
    this.witness = null;
  }
}

/** Measures updates without changes and updates that add or remove a user, alternately. */
async function measureUserEdits(bench: Bench, rounds: number): Promise<void> {
  const idle: number[] = [];
  const edits: number[] = [];
  await bench.update(); // fills caches
  for (let round = 1; round <= rounds; round++) {
    idle.push(await bench.update());
    edits.push(await bench.update({ users: users(FEW + (round % 2)) }));
  }
  const ratio = median(edits) / median(idle);
  bench.add("nothing, two zones", median(idle));
  bench.add("one user added or removed, two zones", median(edits), {
    goal: { text: "≤ 2 × nothing", isMet: ratio <= 2 },
  });
}

async function measureEditsUnderCall(bench: Bench): Promise<void> {
  await bench.witnessed("user added", { users: users(FEW + 2) });
  await bench.witnessed("user removed", { users: users(FEW) });
  await bench.witnessed("algorithm changed", { balance: "roundrobin" });
  await bench.witnessed("zone added", { zones: "3" });
}

/** Measures the removal of a zone during a call between the other zones. The removed zone has an idle phone. */
async function measureRemovalUnderCall(bench: Bench): Promise<void> {
  const { sipAccounts } = await bench.deployment.outputs();
  const idle: Phone[] = [];
  try {
    // One phone for each zone: with roundrobin, HAProxy sends new connections to the zones in turn.
    for (const account of sipAccounts.slice(2, 5)) {
      const phone = await Phone.start({ account: { ...account, transport: "tcp" } });
      idle.push(phone);
      await phone.registered();
    }
    await bench.witnessed("another zone drained and deleted", { zones: "2" });
  } finally {
    await Promise.all(idle.map((phone) => phone.close()));
  }
}

async function measureManyUsers(bench: Bench, rounds: number): Promise<void> {
  /** Returns the median time in seconds to add one user to a list of `count` or a few more users. */
  const addedTo = async (count: number): Promise<number> => {
    const seconds: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      seconds.push(await bench.update({ users: users(count + round) }));
    }
    return median(seconds);
  };
  const more = await addedTo(FEW);
  bench.add(`one user added to ${String(FEW)}, three zones`, more);
  const many = await bench.update({ users: users(MANY) });
  bench.add(`${String(MANY)} users in place of ${String(FEW + rounds)}, three zones`, many);
  const oneMore = await addedTo(MANY);
  const transfer = await bench.transfer();
  bench.add(`the file with ${String(MANY)} users copied from three zones`, transfer);
  bench.add(`one user added to ${String(MANY)}, three zones`, oneMore, {
    goal: {
      text: `≤ one user added to ${String(FEW)} and the transfer`,
      isMet: oneMore <= more + transfer,
    },
  });
  await bench.update({ users: users(FEW) });
}

function report(figures: readonly Figure[]): string {
  return formatTable(
    ["change", "`pulumi up`, s", "calls dropped", "media lost, %", "goal"],
    ["---", "---:", "---:", "---:", "---"],
    figures.map(({ change, seconds, witness, goal }) => [
      change,
      seconds.toFixed(1),
      witness === null ? "" : String(witness.callsDropped),
      witness === null ? "" : witness.lossPercent.toFixed(2),
      goal === null ? "" : `${goal.text}: ${goal.isMet ? "met" : "missed"}`,
    ]),
  );
}

/**
 * Measures changes to an exchange in the lab and their effect on a call. Writes the results to docs/changes.md and,
 * as JSON, to bench/changes.json.
 */
export async function measureChanges(rounds: number): Promise<void> {
  const deployment = await newDeployment({ zones: "2", users: users(FEW) });
  const bench = new Bench(deployment);
  try {
    bench.add("first deployment, two zones", await bench.update());
    await measureUserEdits(bench, rounds);
    await bench.update({ users: users(FEW) });
    await measureEditsUnderCall(bench);
    await bench.hangUp();
    await measureManyUsers(bench, rounds);
    await measureRemovalUnderCall(bench);
  } finally {
    await bench.hangUp();
    await deployment.stack.destroy({ color: "never" });
    deployment.remove();
  }
  const table = report(bench.figures);
  process.stdout.write(`${table}\n`);
  const on = machine();
  writeFileSync(
    join(__dirname, "changes.json"),
    `${JSON.stringify({ machine: on, rounds, figures: bench.figures }, null, 2)}\n`,
  );
  await keep(
    join(ROOT, "docs", "changes.md"),
    "measured",
    `\`make bench\` in the lab, where servers run under software emulation, on ${on}:\n\n${table}`,
  );
}
