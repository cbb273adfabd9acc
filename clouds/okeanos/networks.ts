import { Deadline } from "../../core/deadline";
import { NodeError } from "../../core/errors";
import { MAX_POLL_INTERVAL, explainTimeout, poll } from "../../core/retry";
import type { OkeanosClient } from "./client";
import { createOnce } from "./create-once";
import { ApiFault, stillUsed, type UnknownResult } from "./faults";

/** A network as the Cyclades API returns it. */
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

interface Port {
  readonly network_id: string;
  readonly device_id: string | null;
}

/** Timeout of a deletion, in milliseconds. Ports of deleted servers may still use the network for a while. */
const DELETION = 5 * 60_000;

/** Returns whether a network exists. The API still returns a deleted network for a while. */
const isThere = ({ status, deleted }: Network): boolean => status !== "DELETED" && deleted !== true;

export async function allNetworks(okeanos: OkeanosClient): Promise<Network[]> {
  const { networks } = await okeanos.get<{ networks: Network[] }>("network", "networks");
  return networks.filter(isThere);
}

export async function networksNamed(okeanos: OkeanosClient, name: string): Promise<Network[]> {
  return (await allNetworks(okeanos)).filter((network) => network.name === name);
}

/** Returns a network; undefined if it never existed or was deleted. */
export async function findNetwork(
  okeanos: OkeanosClient,
  id: string,
): Promise<Network | undefined> {
  return (await allNetworks(okeanos)).find((network) => network.id === id);
}

/** Deletes a network and waits until it is gone. @throws NodeError if it is not gone in time */
export async function removeNetwork(
  okeanos: OkeanosClient,
  id: string,
  signal?: AbortSignal,
): Promise<void> {
  const work = poll(
    async () => {
      if ((await findNetwork(okeanos, id)) === undefined) return true;
      await okeanos.delete("network", `networks/${id}`).catch((error: unknown) => {
        // These statuses are no failure: the network is gone, or still in use for a while. The next poll tries again.
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

/** Creates a network. `name` must be unique, because a network is found by its name if the response is lost. */
export function makeNetwork(
  okeanos: OkeanosClient,
  name: string,
  project: string | undefined,
): Promise<Network> {
  const network = {
    name,
    // Networks of this type are isolated from each other.
    type: "MAC_FILTERED",
    ...(project === undefined ? {} : { project }),
  };
  return createOnce(
    async () =>
      (await okeanos.post<{ network: Network }>("network", "networks", { network })).network,
    (lost) => findLost(okeanos, lost, async () => (await networksNamed(okeanos, name))[0]),
  );
}

/** Creates the IPv4 subnet of a network. The subnet has no gateway, so its traffic stays inside the network. */
export function makeSubnet(
  okeanos: OkeanosClient,
  networkId: string,
  cidr: string,
): Promise<Subnet> {
  // No allocation pool, because each server requests its planned address.
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
 * Returns the resource that a request created although it failed with `lost`; undefined if it created none. Searches as
 * long as the API may still execute the request.
 *
 * @throws the error `lost` if the search times out.
 */
async function findLost<T>(
  okeanos: OkeanosClient,
  lost: UnknownResult,
  find: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const deadline = new Deadline(lost.mayStillExecute ? okeanos.lateExecutionTimeout : 0);
  const work = poll(
    async () => (await find()) ?? (deadline.isExpired ? null : undefined),
    okeanos.lateExecutionTimeout * 2 + MAX_POLL_INTERVAL,
  );
  return (await explainTimeout(work, () => lost)) ?? undefined;
}

/** Turns an error for an exceeded quota into a NodeError that names the remedy. Returns other errors unchanged. */
export function explainQuotaError(name: string, what: string, error: unknown): unknown {
  return error instanceof ApiFault && error.status === 413
    ? new NodeError(
        name,
        `Okeanos refuses ${what}: ${error.reason}. Free some of the quota, or request more`,
      )
    : error;
}
