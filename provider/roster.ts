import type { ZoneHost } from "./inputs";

/** The zones that the program speaks of in this run of Pulumi. */
export class Roster {
  private zones: readonly ZoneHost[] = [];

  heed(zones: readonly ZoneHost[]): void {
    this.zones = zones;
  }

  othersThan(name: string): readonly ZoneHost[] {
    return this.zones.filter((zone) => zone.name !== name);
  }
}
