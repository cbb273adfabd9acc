import type { Stack } from "@pulumi/pulumi/automation";
import type { Settings } from "../config/schema";
import { OperatorError } from "../core/errors";
import { type DeployedExchange, exchangeNodes } from "../stack/nodes";
import { stackSettings } from "../stack/settings";
import { CachedRead } from "./cached-read";
import type { ExchangeObservation } from "./executor";
import { Metrics } from "./metrics";
import { type Policy, policyOf } from "./policy";

interface Known {
  readonly settings: Settings;
  readonly policy: Policy;
  readonly nodes: DeployedExchange["nodes"];
}

/** Reads the settings, the nodes and the load of the exchange for the autoscaler. */
export class ExchangeView {
  private readonly metrics = new Metrics();
  private readonly known = new CachedRead(() => this.read());

  constructor(private readonly stack: Stack) {}

  /**
   * Returns the settings, the policy and the nodes. They are at most a minute old.
   *
   * @throws OperatorError if the stack cannot be read, or has no `pbx:autoscale`.
   */
  current(): Promise<Known> {
    return this.known.get();
  }

  /** Discards the cached settings and nodes. Call this after an update. */
  forget(): void {
    this.known.forget();
  }

  /**
   * Returns the number of zones in the stack's outputs. Reads the outputs, because an operator may have changed the
   * number since they were cached.
   */
  async inService(): Promise<number> {
    this.forget();
    return (await this.current()).nodes.zones.length;
  }

  async observe(): Promise<ExchangeObservation> {
    const { nodes } = await this.current();
    const sample = await this.metrics.sample(nodes);
    return { zones: nodes.zones.length, sample, counters: this.metrics.lastCounters() };
  }

  /** Sets the counters of an earlier run, from which the next rates are computed. */
  resumeFrom(counters: ExchangeObservation["counters"]): void {
    this.metrics.resumeFrom(counters);
  }

  close(): void {
    this.metrics.close();
  }

  private async read(): Promise<Known> {
    const settings = await stackSettings(this.stack);
    const policy = policyOf(settings);
    if (policy === null) {
      throw new OperatorError(
        "pbx:autoscale is not set, so the number of zones is pbx:zones; see docs/autoscaler.md",
      );
    }
    const { nodes } = await exchangeNodes(this.stack);
    return { settings, policy, nodes };
  }
}
