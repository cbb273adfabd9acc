import { Metrics } from "./metrics";
import { type Policy, policyOf } from "./policy";
import type { ExchangeLook } from "./executor";
import type { Settings } from "../config/schema";
import type { Stack } from "@pulumi/pulumi/automation";
import { OperatorError } from "../core/errors";
import { type DeployedExchange, exchangeNodes } from "../stack/nodes";
import { CachedRead } from "./cached-read";
import { stackSettings } from "../stack/settings";

interface Known {
  readonly settings: Settings;
  readonly policy: Policy;
  readonly nodes: DeployedExchange["nodes"];
}

/** The exchange as an autoscaler sees it: its settings, its nodes, and what goes on there. */
export class ExchangeView {
  private readonly metrics = new Metrics();
  private readonly known = new CachedRead(() => this.read());

  constructor(private readonly stack: Stack) {}

  /** As the stack is configured: an edit is heeded within a minute. @throws OperatorError */
  current(): Promise<Known> {
    return this.known.get();
  }

  /** After an update, nothing that was known before it counts. */
  forget(): void {
    this.known.forget();
  }

  /** How many zones the stack has now: an operator's update may have changed that. @throws OperatorError */
  async inService(): Promise<number> {
    this.forget();
    return (await this.current()).nodes.zones.length;
  }

  async look(): Promise<ExchangeLook> {
    const { nodes } = await this.current();
    const sample = await this.metrics.sample(nodes);
    return { zones: nodes.zones.length, sample, counters: this.metrics.counted() };
  }

  /** Reckons the next rates from what an earlier run has counted. */
  goOnFrom(counters: ExchangeLook["counters"]): void {
    this.metrics.goOnFrom(counters);
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
