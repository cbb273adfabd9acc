import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { trunkPeersOf } from "./asterisk";
import type { Drains } from "./drains";
import { Haproxy, type Server } from "./haproxy";
import { membershipImpact } from "./impact";
import type { Access, ZoneHost, ZoneMembershipInputs } from "./inputs";
import type { Change, ResourceKind } from "./provider";
import type { Roster } from "./roster";
import { NodeError } from "./session";
import { type Connections, PATIENCE } from "./ssh";
import type { Voice } from "./voice";

/** How long a zone whose files are in place may take until it serves, in milliseconds. */
const ENTRY_DEADLINE = 3 * 60_000;
const INTERVAL = 500;

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
  ) {}

  check(news: ZoneMembershipInputs): undefined {
    this.drains.heed(news.drain);
  }

  diff(olds: ZoneMembershipInputs, news: ZoneMembershipInputs): Change {
    const impact = membershipImpact(olds, news);
    if (olds.serverId !== news.serverId) {
      return { kind: "replace", because: ["serverId"], impact };
    }
    const because = (["zone", "controllerId", "access", "drain"] as const).filter(
      (key) => !isDeepStrictEqual(olds[key], news[key]),
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
    // How to drain one day is no reason to do anything today.
    if (olds.controllerId !== news.controllerId) await this.enter(news, voice);
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
    return found === "ready" ? state : { ...state, controllerId: `not in the rotation: ${found}` };
  }

  async delete({ access, zone, drain }: ZoneMembershipInputs, voice: Voice): Promise<void> {
    await this.drains.drained(access, zone, drain, voice);
  }

  private async enter({ access, zone }: ZoneMembershipInputs, voice: Voice): Promise<void> {
    const haproxy = new Haproxy(await this.connections.controller(access, PATIENCE.change));
    const end = Date.now() + ENTRY_DEADLINE;
    for (;;) {
      const servers = await haproxy.servers();
      const server = servers.find(({ name }) => name === zone.name);
      if (server === undefined) {
        throw new NodeError(
          zone.name,
          "HAProxy does not know it; run pulumi refresh, then pulumi up",
        );
      }
      // In maintenance HAProxy would not even look whether it serves.
      if (server.state === "maint") await haproxy.setState(zone.name, "drain");
      const obstacle = server.healthy
        ? await this.trunkObstacle(access, zone, servers)
        : "HAProxy's OPTIONS is not answered by it with 200";
      if (obstacle === null) {
        if (server.state !== "ready") await haproxy.setState(zone.name, "ready");
        voice.say("in the rotation");
        return;
      }
      if (Date.now() > end) {
        throw new NodeError(
          zone.name,
          `${obstacle}, for ${String(ENTRY_DEADLINE / 1000)} s; it stays out of the rotation. ` +
            "See /var/log/asterisk/messages there, and run the same command again",
        );
      }
      voice.say(`not in the rotation yet: ${obstacle}`);
      await sleep(INTERVAL);
    }
  }

  /** What is amiss between this zone and the others that serve; null when all is well, both ways. */
  private async trunkObstacle(
    access: Access,
    zone: ZoneHost,
    servers: readonly Server[],
  ): Promise<string | null> {
    const serves = (name: string): boolean =>
      servers.some((server) => server.name === name && server.healthy);
    const others = this.roster.othersThan(zone.name).filter(({ name }) => serves(name));
    const sees = async (from: ZoneHost, names: readonly string[]): Promise<string[]> => {
      const peers = await trunkPeersOf(await this.connections.zone(access, from, PATIENCE.change));
      return names
        .filter((name) => !peers.some((peer) => peer.name === name && peer.ok))
        .map((name) => `${from.name} does not reach ${name} on the trunk`);
    };
    const names = others.map(({ name }) => name);
    const obstacles = await Promise.all([
      sees(zone, names),
      ...others.map((other) => sees(other, [zone.name])),
    ]);
    return obstacles.flat()[0] ?? null;
  }
}
