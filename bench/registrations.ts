import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { OperatorError } from "../core/errors";
import { ROOT } from "../core/paths";
import { sleep } from "../phones/within";
import { registerOnce } from "../tests/calls/support/storm-phones";
import { Bystander } from "../tests/calls/support/torture";
import { format, host, formatTable, median } from "./figures";
import { type Kind, KIND_NAMES, type Served } from "./serve";

/** Number of registrations in a round. */
const REGISTRATIONS = 2_000;
/** Maximum number of concurrent registrations. */
const PARALLEL = 50;
/** Time in milliseconds in which a round sets up calls, one after another. */
const CALLS = 4_000;
/** Minimum speed of this tree's exchange, as a multiple of the speed of the earlier commit's exchange. */
const GOAL = 0.95;

const git = (...args: readonly string[]): string =>
  execFileSync("git", args, {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();

/** Returns the fork point of this branch from main or, on main, the last earlier release. */
function baseCommit(): string {
  try {
    const base = git("merge-base", "HEAD", "main");
    return base === git("rev-parse", "HEAD")
      ? git("describe", "--tags", "--abbrev=0", "HEAD^")
      : base;
  } catch {
    throw new OperatorError(
      "found no earlier commit to compare with; set one with --before=COMMIT",
    );
  }
}

/**
 * Checks out `commit` in `folder`, with the packages and images of this tree. So the exchanges of both trees run the
 * same images. Returns the directory of the checkout.
 *
 * @throws OperatorError if the commit does not exist.
 */
function checkOut(commit: string, folder: string): string {
  const clone = join(folder, "before");
  try {
    git("worktree", "add", "--detach", clone, commit);
  } catch {
    throw new OperatorError(`git has no commit ${commit}; see: git log --oneline`);
  }
  rmSync(join(clone, "images"), { recursive: true, force: true });
  for (const shared of ["images", "node_modules"])
    symlinkSync(join(ROOT, shared), join(clone, shared));
  return clone;
}

const TITLES: Readonly<Record<Kind, string>> = {
  PJSIP_22: "PJSIP, Asterisk 22",
  CHAN_SIP_16: "chan_sip, Asterisk 16",
};

/** An exchange that serve.ts runs from the files of a clone, and the measurements of the exchange. */
class Subject {
  /** Registrations per second in each round. */
  readonly rates: number[] = [];
  /** Median milliseconds from INVITE until the called phone rings, in each round. */
  readonly setUps: number[] = [];
  private calls = 0;

  private constructor(
    readonly title: string,
    private readonly child: ChildProcess,
    private readonly served: Served,
  ) {}

  static async start(title: string, clone: string, kind: Kind): Promise<Subject> {
    const argv = ["--import", "tsx", join(__dirname, "serve.ts"), clone, kind];
    const child = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "inherit"] });
    const line = once(createInterface({ input: child.stdout }), "line") as Promise<[string]>;
    const end = once(child, "exit").then(() => {
      throw new OperatorError(`the exchange of ${title} did not start`);
    });
    const [served] = await Promise.race([line, end]);
    end.catch(() => undefined);
    return new Subject(title, child, JSON.parse(served) as Served);
  }

  async measure(): Promise<void> {
    const { controllerAddress: server, namespace, address, accounts } = this.served;
    const { registered, seconds } = await registerOnce(namespace, {
      server,
      addresses: [address],
      accounts: accounts.slice(0, REGISTRATIONS),
      rate: 0,
      keeps: false,
      parallel: PARALLEL,
    });
    this.rates.push(registered / seconds);

    // Each round calls with other users. With the same users, chan_sip would first call the previous round's phone,
    // which no longer exists.
    const callers = accounts.slice(REGISTRATIONS);
    const [caller, callee] = callers.slice((this.calls++ * 2) % callers.length);
    if (caller === undefined || callee === undefined)
      throw new OperatorError("a call needs two users");
    const bystander = await Bystander.start(namespace, { server, address, caller, callee });
    await sleep(CALLS);
    const { call } = await bystander.stop();
    this.setUps.push(median(call.map((took) => took ?? Infinity)));
  }

  async close(): Promise<void> {
    this.child.stdin?.end();
    if (this.child.exitCode === null) await once(this.child, "exit");
  }
}

function rowsOf(kind: Kind, before: Subject, after: Subject): string[][] {
  const row = (
    what: string,
    figures: (subject: Subject) => readonly number[],
    ratioOf: (before: number, after: number) => number,
  ): string[] => {
    const ratio = ratioOf(median(figures(before)), median(figures(after)));
    const range = (values: readonly number[]): string =>
      `${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)} – ${Math.max(...values).toFixed(0)})`;
    const goal = `≥ ${String(GOAL)}: ${ratio >= GOAL ? "met" : "missed"}`;
    return [
      TITLES[kind],
      what,
      range(figures(before)),
      range(figures(after)),
      ratio.toFixed(2),
      goal,
    ];
  };
  return [
    row(
      "registrations per second through the controller",
      ({ rates }) => rates,
      (b, a) => a / b,
    ),
    row(
      "ms from INVITE until the other phone rings",
      ({ setUps }) => setUps,
      (b, a) => b / a,
    ),
  ];
}

/** Compares an exchange of the clone with an exchange of this tree. Returns the rows of the table for `kind`. */
async function compare(
  kind: Kind,
  title: string,
  clone: string,
  rounds: number,
): Promise<string[][]> {
  const subjects: Subject[] = [];
  try {
    const before = await Subject.start(title, clone, kind);
    subjects.push(before);
    const after = await Subject.start("this tree", ROOT, kind);
    subjects.push(after);
    // The first round fills caches and is not counted.
    for (let round = 0; round <= rounds; round++) {
      for (const subject of round % 2 === 0 ? [before, after] : [after, before]) {
        await subject.measure();
        if (round === 0) subject.rates.length = subject.setUps.length = 0;
      }
      process.stderr.write(`${TITLES[kind]}: round ${String(round)} of ${String(rounds)}\n`);
    }
    return rowsOf(kind, before, after);
  } finally {
    await Promise.all(subjects.map((subject) => subject.close()));
  }
}

/**
 * Compares an exchange of this tree with an exchange of an earlier commit, for each SIP driver: registrations per
 * second through the controller, and the time until a called phone rings. Both exchanges run all the time and are
 * measured in turn, so that other load on the machine affects both equally. Writes the results to
 * bench/registrations.md.
 *
 * @param commit the earlier commit; by default the fork point from main or, on main, the last earlier release.
 * @throws OperatorError if there is no such commit, or an exchange does not start.
 */
export async function measureRegistrations(rounds: number, commit = baseCommit()): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "trunkline-bench-"));
  try {
    const clone = checkOut(commit, folder);
    const title = git("rev-parse", "--short", `${commit}^{commit}`);
    const rows: string[][] = [];
    for (const kind of KIND_NAMES) rows.push(...(await compare(kind, title, clone, rounds)));
    const table = formatTable(
      ["zones", "median (range)", title, "this tree", "ratio of speeds", "goal"],
      ["---", "---", "---:", "---:", "---:", "---"],
      rows,
    );
    process.stdout.write(`${table}\n`);
    const document = join(__dirname, "registrations.md");
    writeFileSync(
      document,
      `# Registrations and calls\n\n\`make bench\`, ${String(rounds)} rounds, on ${host()}. In each round, each ` +
        `exchange gets ${String(REGISTRATIONS)} registrations, ${String(PARALLEL)} at a time, and then calls for ` +
        `${String(CALLS / 1000)} s, one after another. Each exchange has two zones.\n\n${table}\n`,
    );
    await format(document);
  } finally {
    try {
      git("worktree", "remove", "--force", join(folder, "before"));
    } catch {
      // There is no worktree if the checkout failed.
    }
    rmSync(folder, { recursive: true, force: true });
  }
}
