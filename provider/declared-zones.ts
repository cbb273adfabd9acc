import type { ZoneHost } from "../ssh/access";

/** The zones that the program speaks of in this run of Pulumi. */
export class DeclaredZones {
  private zones: readonly ZoneHost[] = [];
  /** Names of the zones that have to enter the rotation, whatever their memberships say. */
  private readonly entering = new Set<string>();

  declare(zones: readonly ZoneHost[]): void {
    this.zones = zones;
  }

  /** Takes note of zones that may not be in the rotation. */
  doubt(names: readonly string[]): void {
    for (const name of names) this.entering.add(name);
  }

  /** Takes note of the zones that the controller does not know, and is going to. */
  compare(known: readonly ZoneHost[], wanted: readonly ZoneHost[]): void {
    const names = new Set(known.map(({ name }) => name));
    this.doubt(wanted.map(({ name }) => name).filter((name) => !names.has(name)));
  }

  enters(name: string): boolean {
    return this.entering.has(name);
  }

  /** Those that have to enter, for whoever fails before they do. */
  get doubtful(): readonly string[] {
    return [...this.entering];
  }

  othersThan(name: string): readonly ZoneHost[] {
    return this.zones.filter((zone) => zone.name !== name);
  }
}
