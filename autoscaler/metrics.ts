import { type AdminState, Haproxy } from "../nodes/haproxy/runtime";
import type { Access, ExchangeNodes, ZoneHost } from "../ssh/access";
import { Connections } from "../ssh/connections";
import { type Counters, type Rates, ratesBetween } from "./counters";
import { type NodeResult, timedOut, withTimeout } from "../ssh/timeout";
import type { Sample, ZoneReading } from "./sample";
import { inspectZone, type ZoneLook } from "./zone-look";

/** A zone's place in the rotation, as HAProxy has it. */
export interface Place {
  readonly state: AdminState;
  readonly healthy: boolean;
  readonly connections: number;
}

/** A zone as it was found. What is null could not be read, and `fault` says why. */
export interface ObservedZone {
  readonly name: string;
  readonly place: Place | null;
  readonly reading: ZoneReading | null;
  readonly fault: string | null;
}

/** All zones there are, those out of the rotation among them. */
export interface Observation {
  readonly at: number;
  readonly zones: readonly ObservedZone[];
  /** Why HAProxy could not be asked; null where it could. */
  readonly fault: string | null;
}

type RatedLook = ZoneLook & Rates;

/**
 * Returns what the look at a zone found, without the phones that are `counted` already. A phone that has moved
 * to another zone stays registered in the former one for up to a minute.
 *
 * @param counted takes the extensions of this zone.
 */
function readingOf(look: RatedLook, counted: Set<string>): ZoneReading {
  const { calls, registered, bytesPerSecond, cpu } = look;
  const before = counted.size;
  for (const extension of registered) counted.add(extension);
  return { calls, registrations: counted.size - before, bytesPerSecond, cpu };
}

/** How long one look may take, in milliseconds: who is slower is unknown for this time. */
const PATIENCE = 8_000;

/**
 * Looks at an exchange again and again, over one connection to each node, which is kept. A zone that
 * is slow, or gone, does not hold up the others.
 */
export class Metrics {
  private readonly counters = new Map<string, Counters>();
  private readonly pending = new Map<string, Promise<unknown>>();

  constructor(
    private readonly connections: Pick<
      Connections,
      "controller" | "zone" | "close"
    > = new Connections(),
    private readonly patience = PATIENCE,
  ) {}

  async observe({ access, zones }: ExchangeNodes): Promise<Observation> {
    const at = Date.now();
    const [rotation, ...looks] = await Promise.all([
      this.withTimeout("controller", () => this.rotation(access)),
      ...zones.map((zone) => this.withTimeout(zone.name, () => this.look(access, zone))),
    ]);
    const counted = new Set<string>();
    return {
      at,
      zones: zones.map(({ name }, index) => {
        const { value = null, fault = null } = looks[index] ?? {};
        const reading = value && readingOf(value, counted);
        return { name, place: rotation.value?.get(name) ?? null, reading, fault };
      }),
      fault: rotation.fault,
    };
  }

  /** As {@link observe}, and of it what an autoscaler decides by. */
  async sample(nodes: ExchangeNodes): Promise<Sample> {
    return sampleOf(await this.observe(nodes));
  }

  /** What each zone had counted when it was last seen. */
  counted(): Readonly<Record<string, Counters>> {
    return Object.fromEntries(this.counters);
  }

  /** Reckons the next rates from what an earlier run has counted. */
  goOnFrom(counters: Readonly<Record<string, Counters>>): void {
    for (const [zone, counted] of Object.entries(counters)) this.counters.set(zone, counted);
  }

  close(): void {
    this.connections.close();
  }

  private async rotation(access: Access): Promise<ReadonlyMap<string, Place>> {
    const haproxy = new Haproxy(await this.connections.controller(access, 0));
    const [servers, connections] = await Promise.all([haproxy.servers(), haproxy.connections()]);
    return new Map(
      servers.map(({ name, state, healthy }) => [
        name,
        { state, healthy, connections: connections.get(name) ?? 0 },
      ]),
    );
  }

  private async look(access: Access, zone: ZoneHost): Promise<RatedLook> {
    const look = await inspectZone(await this.connections.zone(access, zone, 0));
    const rates = ratesBetween(this.counters.get(zone.name) ?? null, look.counters);
    this.counters.set(zone.name, look.counters);
    return { ...look, ...rates };
  }

  /** A node that still owes an answer gets no more work. */
  private withTimeout<T>(node: string, work: () => Promise<T>): Promise<NodeResult<T>> {
    if (this.pending.has(node)) return Promise.resolve(timedOut(node, this.patience));
    const pending = work();
    this.pending.set(node, pending);
    const forget = (): void => void this.pending.delete(node);
    pending.then(forget, forget);
    return withTimeout(node, this.patience, pending);
  }
}

/**
 * What an autoscaler decides by. A zone that an operator has taken out of the rotation serves nobody
 * new, so it is told apart; where HAProxy cannot be asked, none is.
 */
export function sampleOf({ at, zones, fault }: Observation): Sample {
  const places = zones.flatMap(({ place }) => (place === null ? [] : [place]));
  const readings = zones.flatMap(({ reading }) => (reading === null ? [] : [reading]));
  const registrations = readings.reduce((sum, reading) => sum + reading.registrations, 0);
  const isKnown = places.length > 0;
  const sessions = isKnown ? places.reduce((sum, { connections }) => sum + connections, 0) : null;
  const serves = ({ place }: ObservedZone): boolean => !isKnown || place?.state === "ready";
  return {
    at,
    zones: zones
      .filter(serves)
      .map(({ place, ...zone }) => ({ ...zone, down: place?.healthy === false })),
    out: zones.flatMap((zone, index) =>
      serves(zone) ? [] : [{ name: zone.name, number: index + 1 }],
    ),
    sessions,
    unknown:
      sessions === null || readings.length < zones.length
        ? null
        : Math.max(0, sessions - registrations),
    fault,
  };
}
