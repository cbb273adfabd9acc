import type { ZoneHost } from "../ssh/access";

/**
 * Zones that the program declares in this run of Pulumi. A NodeConfig declares them in `check`; a ZoneMembership reads
 * them later. The order is certain: a membership depends on the controller's NodeConfig (components/rollout.ts), and
 * Pulumi calls `check` and `diff` of a resource after those of its dependencies.
 *
 * With `pulumi up --target`, Pulumi calls neither `check` nor `diff` of a NodeConfig that is not targeted. If no
 * NodeConfig is targeted, no zones are declared.
 */
export class DeclaredZones {
  private zones: readonly ZoneHost[] | null = null;
  /** Names of new zones, and of other zones that must enter the rotation even if their memberships have not changed. */
  private readonly entering = new Set<string>();

  declare(zones: readonly ZoneHost[]): void {
    this.zones = zones;
  }

  /** Records names of zones that may be out of the rotation. */
  markUnsettled(names: readonly string[]): void {
    for (const name of names) this.entering.add(name);
  }

  /**
   * Marks new zones as unsettled: those in `wanted` that are not in `known`.
   *
   * @param known zones in the controller's current files.
   */
  compare(known: readonly ZoneHost[], wanted: readonly ZoneHost[]): void {
    const names = new Set(known.map(({ name }) => name));
    this.markUnsettled(wanted.map(({ name }) => name).filter((name) => !names.has(name)));
  }

  mustEnter(name: string): boolean {
    return this.entering.has(name);
  }

  /** Names of zones that must enter the rotation. A failed update of a NodeConfig saves them in its state. */
  get unsettled(): readonly string[] {
    return [...this.entering];
  }

  /** Returns the declared zones without `name`; null if no zones were declared in this run. */
  othersThan(name: string): readonly ZoneHost[] | null {
    return this.zones?.filter((zone) => zone.name !== name) ?? null;
  }
}
