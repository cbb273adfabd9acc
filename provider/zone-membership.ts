import { isDeepStrictEqual } from "node:util";
import type { Drains } from "../nodes/rotation/drains";
import { enterRotation } from "../nodes/rotation/entry";
import { Haproxy, type Server } from "../nodes/haproxy/runtime";
import { membershipImpact, serverGoes } from "./impact";
import type { ZoneMembershipInputs } from "./inputs";
import { PartlyDone } from "./partly-done";
import type { Change, ResourceKind } from "./provider";
import type { Roster } from "./roster";
import { NodeError } from "../core/errors";
import { type Connections, PATIENCE } from "../nodes/ssh/connections";
import type { Voice } from "./voice";

/**
 * A zone's place in the rotation: it enters when it can serve, and leaves when it has nobody to serve
 * any more.
 */
export class ZoneMembership implements ResourceKind<ZoneMembershipInputs> {
  readonly secrets = ["access"] as const;
  readonly required = ["zone", "serverId", "controllerId", "access", "drain"] as const;

  constructor(
    private readonly connections: Connections,
    private readonly drains: Drains,
    private readonly roster: Roster,
    private readonly signal: AbortSignal,
  ) {}

  check(news: ZoneMembershipInputs): undefined {
    this.drains.heed(news.drain);
  }

  diff(olds: ZoneMembershipInputs, news: ZoneMembershipInputs): Change {
    const isForgotten = this.roster.enters(news.zone.name);
    const impact = membershipImpact(olds, news, isForgotten);
    if (serverGoes(olds, news)) return { kind: "replace", because: ["serverId"], impact };
    const because = (["zone", "serverId", "controllerId", "access", "drain"] as const).filter(
      (key) => !isDeepStrictEqual(olds[key], news[key]) || (key === "zone" && isForgotten),
    );
    return { kind: because.length === 0 ? "none" : "update", because, impact };
  }

  async create(inputs: ZoneMembershipInputs, voice: Voice): Promise<{ id: string }> {
    await this.enter(inputs, voice);
    return { id: `${inputs.zone.name}/${inputs.serverId}` };
  }

  async update(
    olds: ZoneMembershipInputs,
    news: ZoneMembershipInputs,
    voice: Voice,
  ): Promise<void> {
    // How to drain one day is no reason to do anything today. A zone that was to go, and stays because
    // the update then failed, is one that the controller may have forgotten.
    const isOut =
      olds.controllerId !== news.controllerId ||
      olds.serverId !== news.serverId ||
      this.roster.enters(news.zone.name);
    if (!isOut) return;
    try {
      await this.enter(news, voice);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      // Nothing else would tell the next update that the zone has still to enter.
      throw new PartlyDone(error, notIn(news, "it could not enter"));
    }
  }

  /** A zone that somebody has taken out of the rotation is one that the controller has to be told of. */
  async read(state: ZoneMembershipInputs, voice: Voice): Promise<ZoneMembershipInputs> {
    const { access, zone } = state;
    let servers: Server[];
    try {
      const controller = await this.connections.controller(access, PATIENCE.look);
      servers = await new Haproxy(controller).servers();
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      voice.warn(`${error.message}. Whether ${zone.name} is in the rotation was not looked at`);
      return state;
    }
    const { state: found = "unknown to HAProxy" } =
      servers.find(({ name }) => name === zone.name) ?? {};
    return found === "ready" ? state : notIn(state, found);
  }

  async delete({ access, zone, drain }: ZoneMembershipInputs, voice: Voice): Promise<void> {
    await this.drains.drained(access, zone, drain, voice);
  }

  private enter({ access, zone }: ZoneMembershipInputs, voice: Voice): Promise<void> {
    return enterRotation({
      connections: this.connections,
      access,
      zone,
      others: this.roster.othersThan(zone.name),
      say: voice.say,
      signal: this.signal,
    });
  }
}

/** The state of a zone that the controller has to be told of again. */
const notIn = (inputs: ZoneMembershipInputs, why: string): ZoneMembershipInputs => ({
  ...inputs,
  controllerId: `not in the rotation: ${why}`,
});
