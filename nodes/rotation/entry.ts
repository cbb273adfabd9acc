import { Deadline } from "../../core/deadline";
import { NodeError } from "../../core/errors";
import { type Say } from "../../core/logger";
import { pauseFor } from "../../core/retry";
import type { Access, ZoneHost } from "../../ssh/access";
import { type Connections, TIMEOUTS } from "../../ssh/connections";
import { trunkPeersOf } from "../asterisk/activity";
import { Haproxy, type HaproxyServer } from "../haproxy/runtime";

/** Milliseconds to wait until a zone can serve. */
const DEADLINE = 3 * 60_000;
/** Milliseconds between two checks whether the zone can serve. */
const INTERVAL = 500;

export interface EntryOptions {
  readonly connections: Connections;
  readonly access: Access;
  readonly zone: ZoneHost;
  /** All other zones; null if they are unknown. If null, only the trunk from `zone` to the others is checked. */
  readonly others: readonly ZoneHost[] | null;
  readonly say: Say;
  /** An abort ends the wait. The zone then enters the rotation only if it can already serve. */
  readonly signal?: AbortSignal;
}

/**
 * Waits until a zone can serve, and then puts the zone into the rotation. A zone can serve if it passes HAProxy's
 * health check, and if this zone and all other healthy zones reach each other on the trunk.
 *
 * @throws NodeError if the zone cannot serve in time. The zone is then not put into the rotation.
 */
export async function enterRotation(entry: EntryOptions): Promise<void> {
  const { connections, access, zone, say, signal } = entry;
  const haproxy = new Haproxy(await connections.controller(access, TIMEOUTS.change));
  const deadline = new Deadline(DEADLINE);
  for (;;) {
    const servers = await haproxy.servers();
    const server = servers.find(({ name }) => name === zone.name);
    if (server === undefined) {
      throw new NodeError(
        zone.name,
        "HAProxy does not know this zone; run pulumi refresh, then pulumi up",
      );
    }
    // HAProxy checks the health of a server in the state `drain`, but not in `maint`.
    if (server.state === "maint") await haproxy.setState(zone.name, "drain");
    const obstacle = server.healthy
      ? await trunkObstacle(entry, servers)
      : "it does not answer HAProxy's OPTIONS with 200";
    if (obstacle === null) {
      if (server.state !== "ready") await haproxy.setState(zone.name, "ready");
      say("in the rotation");
      return;
    }
    if (signal?.aborted === true) {
      throw new NodeError(
        zone.name,
        `interrupted (${obstacle}); the zone has not entered the rotation`,
      );
    }
    if (deadline.isExpired) {
      throw new NodeError(
        zone.name,
        `${obstacle}, for ${String(DEADLINE / 1000)} s; the zone has not entered the rotation. ` +
          "See /var/log/asterisk/messages on the node, and run the same command again",
      );
    }
    say(`not in the rotation yet: ${obstacle}`);
    // An interruption ends the pause. The next iteration handles the interruption.
    await pauseFor(INTERVAL, signal);
  }
}

/**
 * Returns the first trunk failure between this zone and the other healthy zones; null if there is none. If `others` is
 * null, checks only the direction from this zone to the other healthy zones in the rotation.
 */
async function trunkObstacle(
  { connections, access, zone, others }: EntryOptions,
  servers: readonly HaproxyServer[],
): Promise<string | null> {
  const serves = (name: string): boolean =>
    servers.some((server) => server.name === name && server.healthy);
  const serving = (others ?? []).filter(({ name }) => serves(name));
  const inRotation = servers.filter(({ name, state }) => name !== zone.name && state === "ready");
  const peersOfZone = (others === null ? inRotation : serving)
    .map(({ name }) => name)
    .filter(serves);
  const sees = async (from: ZoneHost, names: readonly string[]): Promise<string[]> => {
    const peers = await trunkPeersOf(await connections.zone(access, from, TIMEOUTS.change));
    return names
      .filter((name) => !peers.some((peer) => peer.name === name && peer.ok))
      .map((name) => `${from.name} does not reach ${name} on the trunk`);
  };
  const obstacles = await Promise.all([
    sees(zone, peersOfZone),
    ...serving.map((other) => sees(other, [zone.name])),
  ]);
  return obstacles.flat()[0] ?? null;
}
