import { Deadline } from "../../core/deadline";
import { NodeError } from "../../core/errors";
import type { OkeanosClient } from "./client";
import { createOnce } from "./create-once";
import { ApiFault, stillUsed, type Uncertain } from "./faults";
import { LAST_POLL, explainTimeout, poll } from "../../core/retry";

/** A network as Cyclades shows it. */
export interface Network {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly deleted?: boolean;
}

interface Subnet {
  readonly id: string;
  readonly network_id: string;
  readonly cidr: string;
  readonly deleted?: boolean;
}

/** A card of a server. */
interface Port {
  readonly network_id: string;
  readonly device_id: string | null;
}

/** The cards of servers that are gone may hold a network for a while. */
const DELETION = 5 * 60_000;
/** A network that was deleted stays readable for a while. */
const isThere = ({ status, deleted }: Network): boolean => status !== "DELETED" && deleted !== true;

export async function allNetworks(okeanos: OkeanosClient): Promise<Network[]> {
  const { networks } = await okeanos.get<{ networks: Network[] }>("network", "networks");
  return networks.filter(isThere);
}

export async function networksCalled(okeanos: OkeanosClient, name: string): Promise<Network[]> {
  return (await allNetworks(okeanos)).filter((network) => network.name === name);
}

/** Undefined where there is none of this id, or none any more. */
export async function findNetwork(
  okeanos: OkeanosClient,
  id: string,
): Promise<Network | undefined> {
  return (await allNetworks(okeanos)).find((network) => network.id === id);
}

/** Resolves when it is gone. @throws NodeError naming the servers that keep it. */
export async function removeNetwork(
  okeanos: OkeanosClient,
  id: string,
  signal?: AbortSignal,
): Promise<void> {
  const work = poll(
    async () => {
      if ((await findNetwork(okeanos, id)) === undefined) return true;
      await okeanos.delete("network", `networks/${id}`).catch((error: unknown) => {
        // Gone since, or a server is still about to leave it.
        if (!(error instanceof ApiFault) || ![400, 404, 409].includes(error.status)) throw error;
      });
      return undefined;
    },
    DELETION,
    signal,
  );
  await explainTimeout(work, async () => {
    const { ports } = await okeanos.get<{ ports: Port[] }>("network", "ports");
    const users = ports.filter(({ network_id }) => network_id === id);
    return stillUsed(
      `network ${id}`,
      users.map(({ device_id }) => device_id),
    );
  });
}

/** Makes one network, however often it has to be asked for; no other one has this name. */
export function makeNetwork(
  okeanos: OkeanosClient,
  name: string,
  project: string | undefined,
): Promise<Network> {
  const network = {
    name,
    // Of the types that users may have, the one that keeps the networks of users apart.
    type: "MAC_FILTERED",
    ...(project === undefined ? {} : { project }),
  };
  return createOnce(
    async () =>
      (await okeanos.post<{ network: Network }>("network", "networks", { network })).network,
    (lost) => findLost(okeanos, lost, async () => (await networksCalled(okeanos, name))[0]),
  );
}

/** Gives a network its one IPv4 subnet, which has no gateway: nothing leaves by way of it. */
export function makeSubnet(
  okeanos: OkeanosClient,
  networkId: string,
  cidr: string,
): Promise<Subnet> {
  // No pool of its own: planned addresses are given out of it alone, and nobody else takes one.
  const subnet = { network_id: networkId, ip_version: 4, cidr, gateway_ip: null };
  return createOnce(
    async () => (await okeanos.post<{ subnet: Subnet }>("network", "subnets", { subnet })).subnet,
    (lost) =>
      findLost(okeanos, lost, async () => {
        const { subnets } = await okeanos.get<{ subnets: Subnet[] }>("network", "subnets");
        return subnets.find(({ network_id, deleted }) => network_id === networkId && !deleted);
      }),
  );
}

/**
 * Looks for what a request created whose response was lost, for as long as it may still be executed.
 *
 * @throws Uncertain if nothing is known in time.
 */
async function findLost<T>(
  okeanos: OkeanosClient,
  lost: Uncertain,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = new Deadline(lost.mayFollow ? okeanos.straggler : 0);
  const work = poll(
    async () => (await find()) ?? (deadline.isOver ? null : undefined),
    okeanos.straggler * 2 + LAST_POLL,
  );
  return (await explainTimeout(work, () => lost)) ?? undefined;
}

/** What a refusal means to whoever pays. */
export function refused(name: string, what: string, error: unknown): unknown {
  return error instanceof ApiFault && error.status === 413
    ? new NodeError(
        name,
        `Okeanos refuses ${what}: ${error.reason}. Free some of it, or ask for more`,
      )
    : error;
}
