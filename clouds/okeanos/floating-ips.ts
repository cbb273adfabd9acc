import { Deadline } from "../../core/deadline";
import { NodeError } from "../../core/errors";
import type { OkeanosClient } from "./client";
import { createOnce } from "./create-once";
import { ApiFault, stillUsed } from "./faults";
import { LAST_POLL, explainTimeout, poll } from "../../core/retry";

/** A public address as Cyclades shows it. */
export interface Address {
  readonly id: string;
  readonly floating_ip_address: string;
  readonly floating_network_id: string;
  /** The project that it is taken from. */
  readonly tenant_id: string;
  readonly instance_id: string | null;
  readonly port_id: string | null;
  readonly deleted?: boolean;
}

/** A server that goes keeps its address for a moment. */
const DETACHING = 2 * 60_000;

async function addresses(okeanos: OkeanosClient): Promise<Address[]> {
  const { floatingips } = await okeanos.get<{ floatingips: Address[] }>("network", "floatingips");
  return floatingips.filter(({ deleted }) => deleted !== true);
}

const isFree = ({ instance_id, port_id }: Address): boolean =>
  instance_id === null && port_id === null;

/** Those that `project` has and nobody uses, nor is going to: `reserved` wait for their servers. */
export async function unusedAddresses(
  okeanos: OkeanosClient,
  project: string,
  reserved: readonly string[] = [],
): Promise<Address[]> {
  return (await addresses(okeanos)).filter(
    (address) =>
      isFree(address) &&
      address.tenant_id === project &&
      !reserved.includes(address.floating_ip_address),
  );
}

/** Undefined where it is not ours, or not any more. */
export async function findAddress(
  okeanos: OkeanosClient,
  id: string,
): Promise<Address | undefined> {
  return (await addresses(okeanos)).find((address) => address.id === id);
}

/** ID of the network of `address`, once nobody uses it. @throws NodeError where somebody does. */
export async function freeAddress(
  okeanos: OkeanosClient,
  address: string,
  signal?: AbortSignal,
): Promise<string> {
  let user: string | null = null;
  const work = poll(
    async () => {
      const found = (await addresses(okeanos)).find(
        ({ floating_ip_address }) => floating_ip_address === address,
      );
      if (found === undefined) {
        throw new NodeError("okeanos", `public address ${address} is gone; run pulumi refresh`);
      }
      user = found.instance_id;
      return isFree(found) ? found.floating_network_id : undefined;
    },
    DETACHING,
    signal,
  );
  return explainTimeout(work, () => stillUsed(`public address ${address}`, [user]));
}

/** A new address, allocated once: what came between two looks is the one of a request without answer. */
export async function allocate(
  okeanos: OkeanosClient,
  pool: string,
  project: string | undefined,
): Promise<Address> {
  const before = new Set((await addresses(okeanos)).map(({ id }) => id));
  const request = {
    floatingip: { floating_network_id: pool, ...(project === undefined ? {} : { project }) },
  };
  return createOnce(
    async () =>
      (await okeanos.post<{ floatingip: Address }>("network", "floatingips", request)).floatingip,
    async (lost) => {
      const fresh = await explainTimeout(appeared(okeanos, before, lost.mayFollow), () => lost);
      if (fresh.length > 1) {
        const list = fresh.map((address) => address.floating_ip_address).join(", ");
        throw new NodeError(
          "okeanos",
          `${list} are new and in no use; release those that are not yours`,
        );
      }
      return fresh[0];
    },
  );
}

async function appeared(
  okeanos: OkeanosClient,
  before: ReadonlySet<string>,
  mayFollow: boolean,
): Promise<Address[]> {
  const deadline = new Deadline(mayFollow ? okeanos.straggler : 0);
  return poll(
    async () => {
      const fresh = (await addresses(okeanos)).filter(
        (address) => !before.has(address.id) && isFree(address),
      );
      return fresh.length > 0 || deadline.isOver ? fresh : undefined;
    },
    okeanos.straggler * 2 + LAST_POLL,
  );
}

/** Takes it from whoever has it, and gives it back; one that is gone is no fault. */
export async function release(
  okeanos: OkeanosClient,
  id: string,
  signal?: AbortSignal,
): Promise<void> {
  let [address, user]: [string, string | null] = ["", null];
  const work = poll(
    async () => {
      const found = await findAddress(okeanos, id);
      if (found === undefined) return true;
      [address, user] = [found.floating_ip_address, found.instance_id];
      const path = isFree(found) ? `floatingips/${id}` : `ports/${String(found.port_id)}`;
      await okeanos.delete("network", path).catch((error: unknown) => {
        // Its server or its port is about to go.
        if (!(error instanceof ApiFault) || ![400, 404, 409].includes(error.status)) throw error;
      });
      return undefined;
    },
    DETACHING,
    signal,
  );
  await explainTimeout(work, () => stillUsed(`public address ${address}`, [user]));
}
