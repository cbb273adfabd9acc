import type { ZoneHost } from "./inputs";

/** The zones that the program speaks of in this run of Pulumi. */
export class Roster {
  private zones: readonly ZoneHost[] = [];
  private coming: ReadonlySet<string> = new Set();

  heed(zones: readonly ZoneHost[]): void {
    this.zones = zones;
  }

  /** Takes note of the zones that the controller does not know, and is going to. */
  compare(known: readonly ZoneHost[], wanted: readonly ZoneHost[]): void {
    const names = new Set(known.map(({ name }) => name));
    this.coming = new Set(wanted.map(({ name }) => name).filter((name) => !names.has(name)));
  }

  /** Whether the controller is told of a zone in this run, as of one that is not in the rotation. */
  comes(name: string): boolean {
    return this.coming.has(name);
  }

  othersThan(name: string): readonly ZoneHost[] {
    return this.zones.filter((zone) => zone.name !== name);
  }
}
