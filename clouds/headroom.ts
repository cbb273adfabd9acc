import type { Headroom } from "./cloud";

/** A limited resource of a cloud, and how much of it each zone needs. */
export interface Allowance {
  readonly name: string;
  readonly limit: number;
  readonly left: number;
  readonly perZone: number;
}

/** Returns the headroom of the scarcest of `allowances`; null if a zone needs none of them. */
export function headroomOf(allowances: readonly Allowance[]): Headroom | null {
  return allowances
    .filter(({ perZone }) => perZone > 0)
    .map(({ name, limit, left, perZone }): Headroom => ({
      zones: Math.floor(left / perZone),
      shortage: `${String(left)} of ${String(limit)} ${name} left, and a zone takes ${String(perZone)}`,
    }))
    .reduce<Headroom | null>(
      (least, room) => (least === null || room.zones < least.zones ? room : least),
      null,
    );
}
