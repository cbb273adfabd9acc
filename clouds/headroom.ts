import type { Headroom } from "./cloud";

/** Something that a cloud gives only so much of, and of which a zone takes a part. */
export interface Allowance {
  readonly name: string;
  readonly limit: number;
  readonly left: number;
  readonly perZone: number;
}

/** What the scarcest of `allowances` has room for; null where none is taken of. */
export function headroomOf(allowances: readonly Allowance[]): Headroom | null {
  return allowances
    .filter(({ perZone }) => perZone > 0)
    .map(({ name, limit, left, perZone }): Headroom => ({
      zones: Math.floor(left / perZone),
      short: `${String(left)} of ${String(limit)} ${name} left, and a zone takes ${String(perZone)}`,
    }))
    .reduce<Headroom | null>(
      (least, room) => (least === null || room.zones < least.zones ? room : least),
      null,
    );
}
