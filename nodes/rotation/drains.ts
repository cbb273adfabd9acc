import { Drain } from "./drain";
import type { Access, ZoneHost } from "../../ssh/access";
import type { DrainPolicy } from "./drain-decision";
import { type Connections, TIMEOUTS } from "../../ssh/connections";
import type { Logger } from "../../core/logger";

/**
 * The drains of one run of Pulumi, each done once, whoever asks first: the removal of a zone's
 * membership, or the nodes that are about to forget a zone. Pulumi brings the nodes that stay up to
 * date before it deletes what goes, and what is in use may not be taken from a zone.
 */
export class RunningDrains {
  private readonly begun = new Map<string, { readonly drain: Drain; end: Promise<void> }>();
  /** What the program says in this run. Null while an exchange is destroyed, which runs no program. */
  private policy: DrainPolicy | null = null;

  constructor(
    private readonly connections: Connections,
    private readonly signal: AbortSignal,
  ) {}

  /** Takes the program's word on how to drain, which may be newer than that of the state. */
  setPolicy(policy: DrainPolicy): void {
    this.policy = policy;
  }

  /**
   * Resolves when `zone` has no calls and no phones any more.
   *
   * @param known what the state says of how to drain.
   * @throws NodeError when it has calls still; it is in service again then.
   */
  drained(access: Access, zone: ZoneHost, known: DrainPolicy, log: Logger): Promise<void> {
    return this.of(access, zone, known, log).end;
  }

  /**
   * Resolves when all of `zones` are drained: they go together, or not at all.
   *
   * @throws NodeError when one of them cannot go; all are in service again then.
   */
  async allDrained(
    access: Access,
    zones: readonly ZoneHost[],
    known: DrainPolicy,
    log: Logger,
  ): Promise<void> {
    const drains = zones.map((zone) => this.of(access, zone, known, log));
    const ends = await Promise.allSettled(drains.map(({ end }) => end));
    const failed = ends.find((end) => end.status === "rejected");
    if (failed === undefined) return;
    for (const [index, begun] of drains.entries()) {
      if (ends[index]?.status !== "fulfilled") continue;
      // Nobody has forgotten it: whoever drains zones that go waits for all of them.
      begun.end = begun.drain.undo().then(() => Promise.reject(failed.reason as Error));
    }
    await Promise.allSettled(drains.map(({ end }) => end));
    throw failed.reason;
  }

  private of(
    access: Access,
    zone: ZoneHost,
    known: DrainPolicy,
    log: Logger,
  ): { readonly drain: Drain; end: Promise<void> } {
    const begun = this.begun.get(zone.name);
    if (begun !== undefined) return begun;
    const drain = new Drain({
      controller: () => this.connections.controller(access, TIMEOUTS.change),
      zone: () => this.connections.zone(access, zone, TIMEOUTS.look),
      name: zone.name,
      policy: this.policy ?? known,
      // Where the whole exchange goes, the last zone goes with it, once its calls have ended.
      last: this.policy === null ? "wait" : "refuse",
      say: log.status,
      warn: log.warn,
      signal: this.signal,
    });
    const entry = { drain, end: drain.run().then(() => undefined) };
    this.begun.set(zone.name, entry);
    return entry;
  }
}
