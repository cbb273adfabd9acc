import type { ZoneHost } from "./inputs";

/** The zones that the program speaks of in this run of Pulumi. */
export class Roster {
  private zones: readonly ZoneHost[] = [];
  private coming: ReadonlySet<string> = new Set();

  heed(zones: readonly ZoneHost[]): void {
    this.zones = zones;
  }

  /**
   * Takes note of the zones that the controller does not know, and is going to, and of those that it
   * may not have in the rotation.
   *
   * @param unsettled names of such as a failed update may have left out.
   */
  compare(
    known: readonly ZoneHost[],
    unsettled: readonly string[],
    wanted: readonly ZoneHost[],
  ): void {
    const settled = new Set(known.map(({ name }) => name));
    for (const name of unsettled) settled.delete(name);
    this.coming = new Set(wanted.map(({ name }) => name).filter((name) => !settled.has(name)));
  }

  /** Whether a zone has to enter the rotation in this run, whatever its membership says. */
  comes(name: string): boolean {
    return this.coming.has(name);
  }

  othersThan(name: string): readonly ZoneHost[] {
    return this.zones.filter((zone) => zone.name !== name);
  }
}
