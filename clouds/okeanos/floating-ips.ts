import { Deadline } from "../../core/deadline";
import { NodeError } from "../../core/errors";
import { MAX_POLL_INTERVAL, explainTimeout, poll } from "../../core/retry";
import type { OkeanosClient } from "./client";
import { createOnce } from "./create-once";
import { ApiFault, stillUsed } from "./faults";

/** A public address as the Cyclades API returns it. */
export interface Address {
  readonly id: string;
  readonly floating_ip_address: string;
  readonly floating_network_id: string;
  /** ID of the project whose quota the address uses. */
  readonly tenant_id: string;
  readonly instance_id: string | null;
  readonly port_id: string | null;
  readonly deleted?: boolean;
}

/** Milliseconds to wait until an address is unused or released. A deleted server uses its address for a while. */
const DETACHING = 2 * 60_000;

async function addresses(okeanos: OkeanosClient): Promise<Address[]> {
  const { floatingips } = await okeanos.get<{ floatingips: Address[] }>("network", "floatingips");
  return floatingips.filter(({ deleted }) => deleted !== true);
}

const isFree = ({ instance_id, port_id }: Address): boolean =>
  instance_id === null && port_id === null;

/**
 * Returns the unused addresses of a project.
 *
 * @param project ID of the project.
 * @param reserved addresses of the stack's nodes, which are left out even if no server uses them.
 */
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

/** Returns the address with this ID; undefined if the user has no such address. */
export async function findAddress(
  okeanos: OkeanosClient,
  id: string,
): Promise<Address | undefined> {
  return (await addresses(okeanos)).find((address) => address.id === id);
}

/** Waits until `address` is unused. Returns the ID of its pool. @throws NodeError if it is gone or stays in use */
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
        throw new NodeError("okeanos", `public address ${address} is gone; run: pulumi refresh`);
      }
      user = found.instance_id;
      return isFree(found) ? found.floating_network_id : undefined;
    },
    DETACHING,
    signal,
  );
  return explainTimeout(work, () => stillUsed(`public address ${address}`, [user]));
}

/**
 * Allocates one new address. If the response is lost, takes the address that has appeared since the request.
 *
 * @throws NodeError, also if several addresses have appeared.
 */
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
      const fresh = await explainTimeout(
        appeared(okeanos, before, lost.mayStillExecute),
        () => lost,
      );
      if (fresh.length > 1) {
        const list = fresh.map((address) => address.floating_ip_address).join(", ");
        throw new NodeError(
          "okeanos",
          `Okeanos did not confirm the new public address, and several have appeared: ${list}; ` +
            "release those that you do not need",
        );
      }
      return fresh[0];
    },
  );
}

async function appeared(
  okeanos: OkeanosClient,
  before: ReadonlySet<string>,
  mayStillExecute: boolean,
): Promise<Address[]> {
  const deadline = new Deadline(mayStillExecute ? okeanos.lateExecutionTimeout : 0);
  return poll(
    async () => {
      const fresh = (await addresses(okeanos)).filter(
        (address) => !before.has(address.id) && isFree(address),
      );
      return fresh.length > 0 || deadline.isExpired ? fresh : undefined;
    },
    okeanos.lateExecutionTimeout * 2 + MAX_POLL_INTERVAL,
  );
}

/** Detaches an address from its server and releases it. An address that does not exist is not an error. */
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
        // These statuses are no failure: the server or the port may be in deletion. The next poll tries again.
        if (!(error instanceof ApiFault) || ![400, 404, 409].includes(error.status)) throw error;
      });
      return undefined;
    },
    DETACHING,
    signal,
  );
  await explainTimeout(work, () => stillUsed(`public address ${address}`, [user]));
}
