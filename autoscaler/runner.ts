import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "@pulumi/pulumi/automation";
import { say } from "../core/progress";
import { releaseDeadLock } from "../stack/lock";
import { cloudOf } from "../stack/select-cloud";
import { exportedStack } from "../stack/state";
import { relayUpdate } from "../stack/update-progress";
import { decide } from "./decide";
import { countersToResumeFrom, type Memory, type MemoryFile } from "./memory";
import { refusals } from "./refusals";
import type { Report } from "./report";
import { StackExecutor } from "./stack-executor";
import { type Considered, type Stop, Ticker } from "./tick";
import { ExchangeView } from "./view";
import { retentionFor } from "./zone-load";

/** Milliseconds between the first two samples. A rate needs two samples. */
const FIRST_INTERVAL = 5_000;

/** Creates and connects all parts of the autoscaler of one stack. */
export class Runner {
  /** Milliseconds between two ticks, by the policy at the last tick. */
  interval = 15_000;
  private readonly view: ExchangeView;

  constructor(
    private readonly stack: Stack,
    private readonly memory: { read(): Memory; write(memory: Memory): void },
  ) {
    this.view = new ExchangeView(stack);
  }

  /**
   * Takes a first sample, which opens the connections. The first rates are computed from the counters of this sample,
   * or from the counters of the previous run if {@link countersToResumeFrom} returns them.
   *
   * @throws OperatorError if the stack cannot be read, or has no `pbx:autoscale`.
   */
  async start(): Promise<void> {
    await this.view.observe();
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
      observe: () => this.view.observe(),
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
      executor,
      decide: (samples, state, now) => decide(samples, state, policy, now),
      memory: this.memory,
      interval: this.interval,
      // This also covers `window`, because config/autoscale-schema.ts rejects a `scaleInAfter` shorter than `window`.
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
