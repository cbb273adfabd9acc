import type { Activity } from "../asterisk/activity";

/** Policy for the calls of a zone that is drained. */
export interface DrainPolicy {
  /** Seconds that the calls of the zone may go on. */
  readonly timeout: number;
  /** Whether calls are cut after `timeout`. If not, the zone stays in service. */
  readonly force: boolean;
}

/** One observation of a zone during its drain. */
export interface DrainLook extends Activity {
  /** Milliseconds since the drain began. */
  readonly at: number;
  /** Whether another zone accepts phones that are disconnected. */
  readonly hasOtherZone: boolean;
}

/** What to do with the last zone: `refuse` the drain, or `wait` for its calls because the exchange is destroyed. */
export type LastZone = "refuse" | "wait";

export type Step =
  /** Only observe again. */
  | { readonly kind: "wait" }
  /** Close the connections with these ports. Their phones are idle. */
  | { readonly kind: "move"; readonly ports: readonly number[] }
  /** Close all connections: there are no calls. */
  | { readonly kind: "close" }
  /** End the calls. */
  | { readonly kind: "cut" }
  /** Close all connections and finish the drain, although some calls cannot be ended. */
  | { readonly kind: "release" }
  | { readonly kind: "done" }
  /** Put the zone back into service: the calls took too long (`late`), or no other zone is left (`alone`). */
  | { readonly kind: "abandon"; readonly because: "late" | "alone" };

/**
 * Maximum number of connections to close at a time. Their phones register elsewhere all at once. An Asterisk handled
 * 800 registrations per second in measurements.
 */
const MOVED_AT_ONCE = 200;
/** Observations in a row without a call. A single one may miss a call that is being set up. */
const QUIET_LOOKS = 2;
/**
 * Milliseconds for phones that connected just before the drain to register. A phone that is disconnected during its
 * request waits half a minute for an answer (RFC 3261, timer F).
 */
const SETTLING = 5_000;

/** Number of attempts to end calls. Calls that remain after that count as calls that cannot be ended. */
const CUTS = 3;

/** Decides the next step of a drain. Keeps track of earlier steps. Has no side effects. */
export class DrainDecision {
  private readonly moved = new Set<number>();
  private quiet = 0;
  private cuts = 0;

  constructor(
    private readonly policy: DrainPolicy,
    private readonly last: LastZone,
  ) {}

  next(look: DrainLook): Step {
    if (!look.hasOtherZone && this.last === "refuse") return { kind: "abandon", because: "alone" };

    const idle = look.hasOtherZone ? this.idlePorts(look) : [];
    const isSettled = look.at >= SETTLING || !look.hasOtherZone;
    const isQuiet = look.channels === 0 && idle.length === 0 && isSettled;
    this.quiet = isQuiet ? this.quiet + 1 : 0;
    if (this.quiet > QUIET_LOOKS) return { kind: "done" };
    if (this.quiet === QUIET_LOOKS) return { kind: "close" };

    if (look.channels > 0 && look.at >= this.policy.timeout * 1000) {
      if (!this.policy.force) return { kind: "abandon", because: "late" };
      // Callers who were cut off call again, through another zone if possible.
      if (this.cuts === 0 || idle.length === 0) {
        return { kind: this.cuts++ < CUTS ? "cut" : "release" };
      }
    }
    if (idle.length === 0) return { kind: "wait" };
    const ports = idle.slice(0, MOVED_AT_ONCE);
    for (const port of ports) this.moved.add(port);
    return { kind: "move", ports };
  }

  /** Records that the connections of `step` could not be closed, so that the next observation selects them again. */
  retract(step: Step): void {
    this.quiet = 0;
    if (step.kind !== "move") return;
    for (const port of step.ports) this.moved.delete(port);
  }

  /** Returns the number of phones in `look` that still have to be moved. */
  phonesLeft(look: DrainLook): number {
    return look.contacts.filter(({ port }) => !this.moved.has(port)).length;
  }

  /** Returns the ports of connections without calls. Several phones, or lines of one phone, may share a connection. */
  private idlePorts({ contacts, busy }: DrainLook): number[] {
    const inUse = new Set(
      contacts.filter(({ extension }) => busy.has(extension)).map(({ port }) => port),
    );
    const ports = new Set(contacts.map(({ port }) => port));
    return [...ports].filter((port) => !inUse.has(port) && !this.moved.has(port));
  }
}
