import { NodeError } from "../../core/errors";
import type { OkeanosClient } from "./client";
import { ApiFault } from "./faults";

/**
 * What can be chosen from: flavors, images, pools of public addresses. The APIs ignore filters, so all
 * are listed and one is picked here.
 */

export interface Flavor {
  readonly id: number;
  readonly name: string;
  readonly vcpus: number;
  /** MiB. */
  readonly ram: number;
  /** GiB. */
  readonly disk: number;
}

export interface Image {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly updated: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

interface Network {
  readonly id: string;
  readonly name: string;
  readonly "SNF:floating_ip_pool"?: boolean;
}

/** What new servers can have. */
async function offeredFlavors(okeanos: OkeanosClient): Promise<Flavor[]> {
  return (await okeanos.get<{ flavors: Flavor[] }>("compute", "flavors/detail")).flavors;
}

const pick = (flavors: readonly Flavor[], wanted: string): Flavor | undefined =>
  flavors.find(({ name }) => name === wanted) ?? flavors.find(({ id }) => String(id) === wanted);

/** @param wanted name, or number. @returns undefined where it is not offered, or not any more. */
export async function offeredFlavor(
  okeanos: OkeanosClient,
  wanted: string,
): Promise<Flavor | undefined> {
  return pick(await offeredFlavors(okeanos), wanted);
}

/** A flavor that a server has: it may be offered no more. Undefined where nobody tells. */
export async function flavorOfServer(
  okeanos: OkeanosClient,
  id: number,
): Promise<Flavor | undefined> {
  try {
    const path = `flavors/${String(id)}`;
    return (await okeanos.get<{ flavor: Flavor }>("compute", path)).flavor;
  } catch (error) {
    if (error instanceof ApiFault && error.status === 404) return undefined;
    throw error;
  }
}

/** @param wanted name, or number. @throws NodeError naming the flavors that there are. */
export async function findFlavor(okeanos: OkeanosClient, wanted: string): Promise<Flavor> {
  const flavors = await offeredFlavors(okeanos);
  const found = pick(flavors, wanted);
  if (found === undefined) {
    const names = flavors.map(({ name }) => name).join(", ");
    throw new NodeError("okeanos", `there is no flavor ${wanted}; write one of: ${names}`);
  }
  return found;
}

/** The newest image of this name, or the one of this id. @throws NodeError */
export async function findImage(okeanos: OkeanosClient, wanted: string): Promise<Image> {
  const { images } = await okeanos.get<{ images: Image[] }>("compute", "images/detail");
  const usable = images.filter(({ status }) => status === "ACTIVE");
  const [newest] = usable
    .filter(({ name }) => name === wanted)
    .sort((a, b) => Date.parse(b.updated) - Date.parse(a.updated));
  const found = newest ?? usable.find(({ id }) => id === wanted);
  if (found === undefined) {
    throw new NodeError(
      "okeanos",
      `there is no image ${wanted}; register it first (docs/okeanos.md), or name another one`,
    );
  }
  return found;
}

/** Whether servers of `image` read user data by cloud-init. */
export function readsUserData({ metadata = {} }: Image): boolean {
  const [, value] =
    Object.entries(metadata).find(([key]) => key.toUpperCase() === "CLOUD_INIT") ?? [];
  return value !== undefined && !["", "0", "no", "false"].includes(value.toLowerCase());
}

/** Any pool of public addresses will do. */
const ANY_POOL = "public";

/** ID of the network that public addresses come from. @throws NodeError naming those that there are. */
export async function findPool(okeanos: OkeanosClient, wanted: string): Promise<string> {
  const { networks } = await okeanos.get<{ networks: Network[] }>("network", "networks");
  const pools = networks.filter((network) => network["SNF:floating_ip_pool"] === true);
  const found =
    pools.find(({ id, name }) => name === wanted || id === wanted) ??
    (wanted === ANY_POOL ? pools[0] : undefined);
  if (found === undefined) {
    const names = pools.map(({ name }) => name).join(", ") || "none";
    throw new NodeError(
      "okeanos",
      `no pool of public addresses is called ${wanted}; there are: ${names}`,
    );
  }
  return found.id;
}
