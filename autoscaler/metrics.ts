import { type AdminState, Haproxy } from "../nodes/haproxy/runtime";
import type { Access, ExchangeNodes, ZoneHost } from "../ssh/access";
import { Connections } from "../ssh/connections";
import { type NodeResult, timedOut, withTimeout } from "../ssh/timeout";
import { type Counters, type Rates, ratesBetween } from "./counters";
import type { Sample, ZoneReading } from "./sample";
import { inspectZone, type ZoneMeasurement } from "./zone-measurement";

/** State of a zone in HAProxy's rotation. */
export interface RotationState {
  readonly state: AdminState;
  readonly healthy: boolean;
  readonly connections: number;
}

export interface ObservedZone {
  readonly name: string;
  /** Null if HAProxy could not be asked, or does not know the zone. */
  readonly place: RotationState | null;
  /** Null if the zone could not be read. */
  readonly reading: ZoneReading | null;
  /** Why the zone could not be read; null if it was read. */
  readonly fault: string | null;
}

/** One observation of all zones, including zones that are out of the rotation. */
export interface Observation {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly zones: readonly ObservedZone[];
  /** Why HAProxy could not be asked; null if it answered. */
  readonly fault: string | null;
}

type RatedMeasurement = ZoneMeasurement & Rates;

/**
 * Returns the reading of a zone without the extensions that are already `counted`. A phone that has moved to another
 * zone stays registered in the previous zone for up to a minute.
 *
 * @param counted extensions that were counted in other zones. This function adds the extensions of this zone.
 */
function readingOf(measurement: RatedMeasurement, counted: Set<string>): ZoneReading {
  const { calls, registered, bytesPerSecond, cpu } = measurement;
  const before = counted.size;
  for (const extension of registered) counted.add(extension);
  return { calls, registrations: counted.size - before, bytesPerSecond, cpu };
}

/** Default timeout of one observation in milliseconds. The values of a node that takes longer are unknown. */
const TIMEOUT = 8_000;

/**
 * Observes an exchange repeatedly, over one persistent connection to each node. All nodes are read in parallel. A slow
 * or unreachable node delays an observation only until the timeout.
 */
export class Metrics {
  private readonly counters = new Map<string, Counters>();
  private readonly pending = new Map<string, Promise<unknown>>();

  constructor(
    private readonly connections: Pick<
      Connections,
      "controller" | "zone" | "close"
    > = new Connections(),
    private readonly timeout = TIMEOUT,
  ) {}

  async observe({ access, zones }: ExchangeNodes): Promise<Observation> {
    const at = Date.now();
    const [rotation, ...measurements] = await Promise.all([
      this.withTimeout("controller", () => this.rotation(access)),
      ...zones.map((zone) => this.withTimeout(zone.name, () => this.measure(access, zone))),
    ]);
    const counted = new Set<string>();
    return {
      at,
      zones: zones.map(({ name }, index) => {
        const { value = null, fault = null } = measurements[index] ?? {};
        const reading = value && readingOf(value, counted);
        return { name, place: rotation.value?.get(name) ?? null, reading, fault };
      }),
      fault: rotation.fault,
    };
  }

  async sample(nodes: ExchangeNodes): Promise<Sample> {
    return sampleOf(await this.observe(nodes));
  }

  /** Returns the counters that were last read from each zone, for {@link resumeFrom} of a later run. */
  lastCounters(): Readonly<Record<string, Counters>> {
    return Object.fromEntries(this.counters);
  }

  /** Sets the counters of an earlier run, from which the next rates are computed. */
  resumeFrom(counters: Readonly<Record<string, Counters>>): void {
    for (const [zone, counted] of Object.entries(counters)) this.counters.set(zone, counted);
  }

  close(): void {
    this.connections.close();
  }

  private async rotation(access: Access): Promise<ReadonlyMap<string, RotationState>> {
    const haproxy = new Haproxy(await this.connections.controller(access, 0));
    const [servers, connections] = await Promise.all([haproxy.servers(), haproxy.connections()]);
    return new Map(
      servers.map(({ name, state, healthy }) => [
        name,
        { state, healthy, connections: connections.get(name) ?? 0 },
      ]),
    );
  }

  private async measure(access: Access, zone: ZoneHost): Promise<RatedMeasurement> {
    const measurement = await inspectZone(await this.connections.zone(access, zone, 0));
    const rates = ratesBetween(this.counters.get(zone.name) ?? null, measurement.counters);
    this.counters.set(zone.name, measurement.counters);
    return { ...measurement, ...rates };
  }

  /**
   * Runs `work` with a timeout. If earlier work on the node still runs, counts `work` as timed out without running it.
   */
  private withTimeout<T>(node: string, work: () => Promise<T>): Promise<NodeResult<T>> {
    if (this.pending.has(node)) return Promise.resolve(timedOut(node, this.timeout));
    const pending = work();
    this.pending.set(node, pending);
    const forget = (): void => void this.pending.delete(node);
    pending.then(forget, forget);
    return withTimeout(node, this.timeout, pending);
  }
}

/**
 * Converts an observation to a sample for a decision of the autoscaler. If HAProxy could not be asked, or knows no
 * zone, all zones count as in the rotation.
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
