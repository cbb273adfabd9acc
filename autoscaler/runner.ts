import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { relayUpdate } from "../stack/update-progress";
import { StackExecutor } from "./stack-executor";
import { decide } from "./decide";
import { retentionFor } from "./load";
import { countersToResumeFrom, type Memory, type MemoryFile } from "./memory";
import type { Report } from "./report";
import { type Considered, type Stop, Ticker } from "./tick";
import { say } from "../core/progress";
import { exportedStack } from "../stack/state";
import { releaseDeadLock } from "../stack/lock";
import { cloudOf } from "../stack/cloud";
import { refusals } from "./refusals";
import { ExchangeView } from "./view";

/** Time between the first two looks in milliseconds. Rates need two looks. */
const FIRST_INTERVAL = 5_000;

/** The autoscaler of one stack with all its parts. */
export class Runner {
  /** Time between two ticks in milliseconds, from the policy at the last tick. */
  interval = 15_000;
  private readonly view: ExchangeView;

  constructor(
    private readonly stack: Stack,
    private readonly memory: { read(): Memory; write(memory: Memory): void },
  ) {
    this.view = new ExchangeView(stack);
  }

  /**
   * Takes a first look, which opens the connections. Its counters are the base of the first rates, unless the previous
   * run has left usable counters. @throws OperatorError
   */
  async start(): Promise<void> {
    await this.view.look();
    await sleep(FIRST_INTERVAL);
    this.view.resumeFrom(countersToResumeFrom(this.memory.read(), Date.now()));
  }

  async consider(): Promise<Considered> {
    return (await this.ticker()).consider();
  }

  async tick(stop: Stop): Promise<Report> {
    return (await this.ticker()).tick(stop);
  }

  close(): void {
    this.view.close();
  }

  /** Creates a ticker for each tick, because the policy may have been edited. */
  private async ticker(): Promise<Ticker> {
    const { settings, policy } = await this.view.current();
    const executor = new StackExecutor({
      stack: this.stack,
      cloud: () => cloudOf(settings, this.stack.name),
      look: () => this.view.look(),
      inService: () => this.view.inService(),
      exported: exportedStack,
      releaseDeadLock,
      refusals,
      onEvent: relayUpdate,
      onChanged: () => {
        this.view.forget();
      },
      say: (line) => {
        say("scaling", line);
      },
    });
    this.interval = policy.interval * 1000;
    return new Ticker({
      executor: executor,
      decide: (samples, state, now) => decide(samples, state, policy, now),
      memory: this.memory,
      interval: this.interval,
      // scaleInAfter is not shorter than window.
      keep: retentionFor({ seconds: policy.scaleInAfter, interval: policy.interval }) * 1000,
    });
  }
}

/** Returns a memory that starts with the contents of `file` and never writes to `file`. */
export function readOnly(file: MemoryFile): { read(): Memory; write(memory: Memory): void } {
  let memory = file.read();
  return {
    read: () => memory,
    write: (next) => {
      memory = next;
    },
  };
}
