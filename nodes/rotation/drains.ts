import type { Logger } from "../../core/logger";
import type { Access, ZoneHost } from "../../ssh/access";
import { type Connections, TIMEOUTS } from "../../ssh/connections";
import { Drain } from "./drain";
import type { DrainPolicy } from "./drain-decision";

/**
 * Drains of one run of Pulumi. Each zone is drained only once, at the first request. One request comes from the
 * deletion of the zone's ZoneMembership. Others come from the NodeConfigs of the other nodes, which Pulumi updates
 * before it deletes the zone: a node must keep a zone in its files while the zone is in use.
 */
export class RunningDrains {
  private readonly begun = new Map<string, { readonly drain: Drain; end: Promise<void> }>();
  /**
   * Policy from the program in this run. Null if the program does not run, because the exchange is destroyed. Also null
   * if all targets of `pulumi up --target` are deleted.
   */
  private policy: DrainPolicy | null = null;

  constructor(
    private readonly connections: Connections,
    private readonly signal: AbortSignal,
  ) {}

  /** Sets the drain policy. Overrides the policy in Pulumi's state, which may be older. */
  setPolicy(policy: DrainPolicy): void {
    this.policy = policy;
  }

  /**
   * Drains `zone`, or waits for its drain if that has begun.
   *
   * @param known drain policy to use if the program has set none in this run.
   * @throws NodeError if the drain fails. If HAProxy answers, a healthy zone is then in the rotation.
   */
  drained(access: Access, zone: ZoneHost, known: DrainPolicy, log: Logger): Promise<void> {
    return this.of(access, zone, known, log).end;
  }

  /**
   * Drains all `zones`, or waits for their drains if they have begun.
   *
   * @param known drain policy to use if the program has set none in this run.
   * @throws NodeError if a drain fails. If HAProxy answers, all healthy zones that were in use are then in the
   * rotation.
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
      // The zone can return to service: all nodes still have it, because they wait for the drains of all removed zones.
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
      zone: () => this.connections.zone(access, zone, TIMEOUTS.read),
      name: zone.name,
      policy: this.policy ?? known,
      // Null nearly always means that the whole exchange is destroyed. The last zone is then drained as well.
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
