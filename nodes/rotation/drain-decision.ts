import type { Activity } from "../asterisk/activity";

/** What may happen to calls when a zone leaves the exchange. */
export interface DrainPolicy {
  /** How long the calls of a leaving zone may go on, in seconds. */
  readonly timeout: number;
  /** Whether calls are cut after `timeout`. If not, the zone stays in service. */
  readonly force: boolean;
}

/** What a drain finds each time it looks. */
export interface DrainLook extends Activity {
  /** Milliseconds since the drain began. */
  readonly at: number;
  /** Whether a phone that is disconnected finds another zone. */
  readonly refuge: boolean;
}

/** Whether a zone may be drained that is the last one: the exchange goes on, or goes with it. */
export type LastZone = "refuse" | "wait";

export type Step =
  /** Nothing but look again. */
  | { readonly kind: "wait" }
  /** Close the connections that have these ports, each of a phone that has nothing to do. */
  | { readonly kind: "move"; readonly ports: readonly number[] }
  /** Close all connections: there are no calls. */
  | { readonly kind: "close" }
  /** End the calls. */
  | { readonly kind: "cut" }
  /** Close all connections, and let the zone go with what cannot be ended. */
  | { readonly kind: "release" }
  | { readonly kind: "done" }
  /** Put the zone back into service. */
  | { readonly kind: "abandon"; readonly because: "late" | "alone" };

/**
 * Phones that are moved at a time. They come back elsewhere all at once, and an Asterisk was measured
 * to take 800 registrations a second.
 */
const MOVED_AT_ONCE = 200;
/** Looks in a row without a call: a call that is being set up may be missed by one. */
const QUIET_LOOKS = 2;
/**
 * Milliseconds that whoever was connected just before the drain has to register: a phone that is cut off
 * while it waits for an answer waits for all of it, half a minute (RFC 3261, timer F).
 */
const SETTLING = 5_000;

/** How often calls are ended before what is left then is taken for one that cannot be. */
const CUTS = 3;

/** Decides what a drain does next. Remembers what it has done, and does nothing itself. */
export class DrainDecision {
  private readonly moved = new Set<number>();
  private quiet = 0;
  private cuts = 0;

  constructor(
    private readonly policy: DrainPolicy,
    private readonly last: LastZone,
  ) {}

  next(look: DrainLook): Step {
    if (!look.refuge && this.last === "refuse") return { kind: "abandon", because: "alone" };

    const idle = look.refuge ? this.idlePorts(look) : [];
    const isSettled = look.at >= SETTLING || !look.refuge;
    const isQuiet = look.channels === 0 && idle.length === 0 && isSettled;
    this.quiet = isQuiet ? this.quiet + 1 : 0;
    if (this.quiet > QUIET_LOOKS) return { kind: "done" };
    if (this.quiet === QUIET_LOOKS) return { kind: "close" };

    if (look.channels > 0 && look.at >= this.policy.timeout * 1000) {
      if (!this.policy.force) return { kind: "abandon", because: "late" };
      // Who was cut off calls again, elsewhere where that can be.
      if (this.cuts === 0 || idle.length === 0) {
        return { kind: this.cuts++ < CUTS ? "cut" : "release" };
      }
    }
    if (idle.length === 0) return { kind: "wait" };
    const ports = idle.slice(0, MOVED_AT_ONCE);
    for (const port of ports) this.moved.add(port);
    return { kind: "move", ports };
  }

  /** Takes note that connections could not be closed: whose they are to be is asked anew. */
  retract(step: Step): void {
    this.quiet = 0;
    if (step.kind !== "move") return;
    for (const port of step.ports) this.moved.delete(port);
  }

  /** Phones that `look` has found, and that have still to be moved. */
  phonesLeft(look: DrainLook): number {
    return look.contacts.filter(({ port }) => !this.moved.has(port)).length;
  }

  /** Ports of phones without a call. Several phones, or lines of one, may share a connection. */
  private idlePorts({ contacts, busy }: DrainLook): number[] {
    const inUse = new Set(
      contacts.filter(({ extension }) => busy.has(extension)).map(({ port }) => port),
    );
    const ports = new Set(contacts.map(({ port }) => port));
    return [...ports].filter((port) => !inUse.has(port) && !this.moved.has(port));
  }
}
