import type { Activity } from "../asterisk/activity";

/** How to treat the calls of a zone that is drained. */
export interface DrainPolicy {
  /** Seconds that calls may go on after the drain has begun. */
  readonly timeout: number;
  /**
   * Whether to cut calls that go on after `timeout`, and to remove a zone whose calls are unknown because the zone does
   * not answer. If false, the drain fails in these cases.
   */
  readonly force: boolean;
}

/** Observation of a zone during its drain. */
export interface DrainObservation extends Activity {
  /** Milliseconds since the drain began. */
  readonly at: number;
  /** Whether another zone in the rotation is healthy, and so accepts phones that are disconnected from this zone. */
  readonly hasOtherZone: boolean;
}

/**
 * What to do if no other zone accepts phones: `refuse` the drain, or `wait` for the end of calls. `wait` is for the
 * destruction of the whole exchange.
 */
export type LastZone = "refuse" | "wait";

/** Next step of a drain. */
export type Step =
  | { readonly kind: "wait" }
  /** Close the connections from these ports of the controller. The phones on these connections are idle. */
  | { readonly kind: "move"; readonly ports: readonly number[] }
  /** Close all connections: there are no calls. */
  | { readonly kind: "close" }
  | { readonly kind: "cut" }
  /** Close all connections and finish the drain, although some calls cannot be ended. */
  | { readonly kind: "release" }
  | { readonly kind: "done" }
  /** Undo the drain: calls go on after the timeout (`late`), or no other zone accepts phones (`alone`). */
  | { readonly kind: "abandon"; readonly reason: "late" | "alone" };

/**
 * Maximum number of connections to close in one step, because all of their phones register in other zones at the same
 * time.
 */
const MOVED_AT_ONCE = 200;
/**
 * Number of consecutive observations without calls, and without phones to move, before all connections are closed. A
 * single observation may miss a call that is being set up.
 */
const QUIET_OBSERVATIONS = 2;
/**
 * Minimum duration of a drain in milliseconds, if another zone accepts phones. In this time, phones that connected just
 * before the drain can register. A phone that is disconnected before the answer to its request waits 32 s for the
 * answer (RFC 3261, timer F).
 */
const SETTLING = 5_000;

/** Maximum number of attempts to end calls. After the last attempt, the drain finishes even if calls remain. */
const CUTS = 3;

/** Decides the next step of a drain from the observations and the earlier steps. Does not access the zone. */
export class DrainDecision {
  private readonly moved = new Set<number>();
  private quiet = 0;
  private cuts = 0;

  constructor(
    private readonly policy: DrainPolicy,
    private readonly last: LastZone,
  ) {}

  next(observation: DrainObservation): Step {
    if (!observation.hasOtherZone && this.last === "refuse")
      return { kind: "abandon", reason: "alone" };

    const idle = observation.hasOtherZone ? this.idlePorts(observation) : [];
    const isSettled = observation.at >= SETTLING || !observation.hasOtherZone;
    const isQuiet = observation.channels === 0 && idle.length === 0 && isSettled;
    this.quiet = isQuiet ? this.quiet + 1 : 0;
    if (this.quiet > QUIET_OBSERVATIONS) return { kind: "done" };
    if (this.quiet === QUIET_OBSERVATIONS) return { kind: "close" };

    if (observation.channels > 0 && observation.at >= this.policy.timeout * 1000) {
      if (!this.policy.force) return { kind: "abandon", reason: "late" };
      // After the first cut, move idle phones before calls are cut again. Callers who were cut off call again, and
      // should do so through another zone.
      if (this.cuts === 0 || idle.length === 0) {
        return { kind: this.cuts++ < CUTS ? "cut" : "release" };
      }
    }
    if (idle.length === 0) return { kind: "wait" };
    const ports = idle.slice(0, MOVED_AT_ONCE);
    for (const port of ports) this.moved.add(port);
    return { kind: "move", ports };
  }

  /** Records that the connections of `step` could not be closed, so that a later step closes them. */
  retract(step: Step): void {
    this.quiet = 0;
    if (step.kind !== "move") return;
    for (const port of step.ports) this.moved.delete(port);
  }

  /** Returns the number of registered phones whose connections have not been closed yet. */
  phonesLeft(observation: DrainObservation): number {
    return observation.contacts.filter(({ port }) => !this.moved.has(port)).length;
  }

  /**
   * Returns the ports of connections without calls that have not been closed yet. Several phones, or several lines of
   * one phone, may share a connection.
   */
  private idlePorts({ contacts, busy }: DrainObservation): number[] {
    const inUse = new Set(
      contacts.filter(({ extension }) => busy.has(extension)).map(({ port }) => port),
    );
    const ports = new Set(contacts.map(({ port }) => port));
    return [...ports].filter((port) => !inUse.has(port) && !this.moved.has(port));
  }
}
