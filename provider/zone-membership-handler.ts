import { isDeepStrictEqual } from "node:util";
import { NodeError } from "../core/errors";
import type { Logger } from "../core/logger";
import { Haproxy, type HaproxyServer } from "../nodes/haproxy/runtime";
import type { RunningDrains } from "../nodes/rotation/drains";
import { enterRotation } from "../nodes/rotation/entry";
import { type Connections, TIMEOUTS } from "../ssh/connections";
import type { DeclaredZones } from "./declared-zones";
import { membershipImpact, isServerDeleted } from "./impact";
import type { ZoneMembershipInputs } from "./inputs";
import { PartialUpdate, type ResourceChange, type ResourceHandler } from "./resource-handler";

/**
 * Handles a zone's membership in the rotation. The zone enters when it can serve, and is drained before it is
 * removed.
 */
export class ZoneMembershipHandler implements ResourceHandler<ZoneMembershipInputs> {
  readonly secrets = ["access"] as const;
  readonly required = ["zone", "serverId", "controllerId", "access", "drain"] as const;

  constructor(
    private readonly connections: Connections,
    private readonly drains: RunningDrains,
    private readonly declaredZones: DeclaredZones,
    private readonly signal: AbortSignal,
  ) {}

  check(news: ZoneMembershipInputs): undefined {
    this.drains.setPolicy(news.drain);
  }

  diff(olds: ZoneMembershipInputs, news: ZoneMembershipInputs): ResourceChange {
    const mustEnter = this.declaredZones.mustEnter(news.zone.name);
    const impact = membershipImpact(olds, news, mustEnter);
    if (isServerDeleted(olds, news))
      return { kind: "replace", changedProperties: ["serverId"], impact };
    const changedProperties = (
      ["zone", "serverId", "controllerId", "access", "drain"] as const
    ).filter((key) => !isDeepStrictEqual(olds[key], news[key]) || (key === "zone" && mustEnter));
    return { kind: changedProperties.length === 0 ? "none" : "update", changedProperties, impact };
  }

  async create(inputs: ZoneMembershipInputs, log: Logger): Promise<{ id: string }> {
    await this.enter(inputs, log);
    return { id: `${inputs.zone.name}/${inputs.serverId}` };
  }

  async update(olds: ZoneMembershipInputs, news: ZoneMembershipInputs, log: Logger): Promise<void> {
    // A new drain policy alone requires no action. `mustEnter` is true, for example, if an update that removed the zone
    // has failed: the controller may no longer know the zone.
    const isOut =
      olds.controllerId !== news.controllerId ||
      olds.serverId !== news.serverId ||
      this.declaredZones.mustEnter(news.zone.name);
    if (!isOut) return;
    try {
      await this.enter(news, log);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      throw new PartialUpdate(error, notIn(news, "it could not enter"));
    }
  }

  /** Reads whether the zone is in the rotation. If not, the next update puts the zone back. */
  async read(state: ZoneMembershipInputs, log: Logger): Promise<ZoneMembershipInputs> {
    const { access, zone } = state;
    let servers: HaproxyServer[];
    try {
      const controller = await this.connections.controller(access, TIMEOUTS.read);
      servers = await new Haproxy(controller).servers();
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      log.warn(`${error.message}. Could not check whether ${zone.name} is in the rotation`);
      return state;
    }
    const { state: found = "unknown to HAProxy" } =
      servers.find(({ name }) => name === zone.name) ?? {};
    return found === "ready" ? state : notIn(state, found);
  }

  async delete({ access, zone, drain }: ZoneMembershipInputs, log: Logger): Promise<void> {
    await this.drains.drained(access, zone, drain, log);
  }

  private enter({ access, zone }: ZoneMembershipInputs, log: Logger): Promise<void> {
    return enterRotation({
      connections: this.connections,
      access,
      zone,
      others: this.declaredZones.othersThan(zone.name),
      say: log.status,
      signal: this.signal,
    });
  }
}

/** Returns a state that makes the next update put the zone into the rotation. */
const notIn = (inputs: ZoneMembershipInputs, why: string): ZoneMembershipInputs => ({
  ...inputs,
  controllerId: `not in the rotation: ${why}`,
});
