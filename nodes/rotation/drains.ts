import { Drain } from "./drain";
import type { Access, ZoneHost } from "../../ssh/access";
import type { DrainPolicy } from "./drain-decision";
import { type Connections, TIMEOUTS } from "../../ssh/connections";
import type { Logger } from "../../core/logger";

/**
 * Drains of one run of Pulumi. Each zone is drained once, at the first request: by the removal of the
 * zone's membership, or by the update of the nodes that no longer have the zone. Pulumi updates the other
 * nodes before it deletes the zone, and an update must not break a zone that is still in use.
 */
export class RunningDrains {
  private readonly begun = new Map<string, { readonly drain: Drain; end: Promise<void> }>();
  /** Policy of the program in this run; null if the exchange is destroyed, since no program runs then. */
  private policy: DrainPolicy | null = null;

  constructor(
    private readonly connections: Connections,
    private readonly signal: AbortSignal,
  ) {}

  /** Sets the drain policy. It overrides the policy in the state, which may be older. */
  setPolicy(policy: DrainPolicy): void {
    this.policy = policy;
  }

  /**
   * Waits until `zone` has no calls and no phones.
   *
   * @param known drain policy in the state.
   * @throws NodeError if the drain fails; the zone is then back in service.
   */
  drained(access: Access, zone: ZoneHost, known: DrainPolicy, log: Logger): Promise<void> {
    return this.of(access, zone, known, log).end;
  }

  /**
   * Waits until all of `zones` are drained. If one drain fails, all zones are put back.
   *
   * @throws NodeError if a drain fails; all zones are then back in service.
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
      // All nodes still have the zone, because each update waits until all removed zones are drained.
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
      // If the whole exchange is destroyed, the last zone is drained as well, once its calls have ended.
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
