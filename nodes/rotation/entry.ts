import { NodeError } from "../../core/errors";
import { pauseFor } from "../../core/retry";
import { trunkPeersOf } from "../asterisk/activity";
import { Deadline } from "../../core/deadline";
import { Haproxy, type HaproxyServer } from "../haproxy/runtime";
import type { Access, ZoneHost } from "../../ssh/access";
import { type Say } from "../../core/logger";
import { type Connections, TIMEOUTS } from "../../ssh/connections";

/** How long a zone whose files are in place may take until it serves, in milliseconds. */
const DEADLINE = 3 * 60_000;
const INTERVAL = 500;

export interface Entry {
  readonly connections: Connections;
  readonly access: Access;
  /** Who is to enter. */
  readonly zone: ZoneHost;
  readonly others: readonly ZoneHost[];
  readonly say: Say;
  /** Ends the wait, and leaves the zone out. */
  readonly signal?: AbortSignal;
}

/**
 * Lets a zone into the rotation as soon as it can serve: it answers SIP, and reaches the other zones
 * that do, and they it. @throws NodeError when that is not so in time; it stays out then.
 */
export async function enterRotation(entry: Entry): Promise<void> {
  const { connections, access, zone, say, signal } = entry;
  const haproxy = new Haproxy(await connections.controller(access, TIMEOUTS.change));
  const deadline = new Deadline(DEADLINE);
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
      ? await trunkObstacle(entry, servers)
      : "HAProxy's OPTIONS is not answered by it with 200";
    if (obstacle === null) {
      if (server.state !== "ready") await haproxy.setState(zone.name, "ready");
      say("in the rotation");
      return;
    }
    if (signal?.aborted === true) {
      throw new NodeError(zone.name, `interrupted (${obstacle}); it stays out of the rotation`);
    }
    if (deadline.isOver) {
      throw new NodeError(
        zone.name,
        `${obstacle}, for ${String(DEADLINE / 1000)} s; it stays out of the rotation. ` +
          "See /var/log/asterisk/messages there, and run the same command again",
      );
    }
    say(`not in the rotation yet: ${obstacle}`);
    // An interruption is found at the next look.
    await pauseFor(INTERVAL, signal);
  }
}

/** What is amiss between this zone and the others that serve; null when all is well, both ways. */
async function trunkObstacle(
  { connections, access, zone, others }: Entry,
  servers: readonly HaproxyServer[],
): Promise<string | null> {
  const serves = (name: string): boolean =>
    servers.some((server) => server.name === name && server.healthy);
  const serving = others.filter(({ name }) => serves(name));
  const sees = async (from: ZoneHost, names: readonly string[]): Promise<string[]> => {
    const peers = await trunkPeersOf(await connections.zone(access, from, TIMEOUTS.change));
    return names
      .filter((name) => !peers.some((peer) => peer.name === name && peer.ok))
      .map((name) => `${from.name} does not reach ${name} on the trunk`);
  };
  const obstacles = await Promise.all([
    sees(
      zone,
      serving.map(({ name }) => name),
    ),
    ...serving.map((other) => sees(other, [zone.name])),
  ]);
  return obstacles.flat()[0] ?? null;
}
