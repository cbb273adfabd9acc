import type { ZoneHost } from "../ssh/access";

/**
 * Zones that the program declares in this run of Pulumi. A NodeConfig declares them in `check`; a ZoneMembership reads
 * them later. The order is certain: a membership depends on the NodeConfigs of all nodes (components/rollout.ts), and
 * Pulumi calls `check` and `diff` of a resource after those of its dependencies.
 *
 * With `pulumi up --target`, Pulumi calls neither for a NodeConfig that is not targeted. Nothing is declared then.
 */
export class DeclaredZones {
  private zones: readonly ZoneHost[] | null = null;
  /** Names of zones that must enter the rotation again, even if their memberships have not changed. */
  private readonly entering = new Set<string>();

  declare(zones: readonly ZoneHost[]): void {
    this.zones = zones;
  }

  /** Records zones that may be out of the rotation. */
  markUnsettled(names: readonly string[]): void {
    for (const name of names) this.entering.add(name);
  }

  /** Records the zones in `wanted` that the controller does not know yet. */
  compare(known: readonly ZoneHost[], wanted: readonly ZoneHost[]): void {
    const names = new Set(known.map(({ name }) => name));
    this.markUnsettled(wanted.map(({ name }) => name).filter((name) => !names.has(name)));
  }

  /** Returns whether a zone must enter the rotation, whatever its membership says. */
  mustEnter(name: string): boolean {
    return this.entering.has(name);
  }

  /** Zones that must enter the rotation. An update that fails saves them in its state. */
  get unsettled(): readonly string[] {
    return [...this.entering];
  }

  /** Returns the declared zones without `name`; null if no zones were declared in this run. */
  othersThan(name: string): readonly ZoneHost[] | null {
    return this.zones?.filter((zone) => zone.name !== name) ?? null;
  }
}
