import { NodeError } from "../../core/errors";
import type { OkeanosClient } from "./client";
import { ApiFault } from "./faults";

// The APIs ignore filters, so this module requests whole lists and selects from them.

export interface Flavor {
  readonly id: number;
  readonly name: string;
  readonly vcpus: number;
  /** Memory in MiB. */
  readonly ram: number;
  /** Disk size in GiB. */
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

async function offeredFlavors(okeanos: OkeanosClient): Promise<Flavor[]> {
  return (await okeanos.get<{ flavors: Flavor[] }>("compute", "flavors/detail")).flavors;
}

const pick = (flavors: readonly Flavor[], wanted: string): Flavor | undefined =>
  flavors.find(({ name }) => name === wanted) ?? flavors.find(({ id }) => String(id) === wanted);

/** Returns the flavor `wanted`; undefined if it is not offered for new servers. @param wanted name or ID */
export async function offeredFlavor(
  okeanos: OkeanosClient,
  wanted: string,
): Promise<Flavor | undefined> {
  return pick(await offeredFlavors(okeanos), wanted);
}

/** Returns the flavor with this ID, even if it is no longer offered; undefined if the API does not know it. */
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

/** Returns the flavor `wanted`. @param wanted name or ID. @throws NodeError if it is not offered for new servers */
export async function findFlavor(okeanos: OkeanosClient, wanted: string): Promise<Flavor> {
  const flavors = await offeredFlavors(okeanos);
  const found = pick(flavors, wanted);
  if (found === undefined) {
    const names = flavors.map(({ name }) => name).join(", ");
    throw new NodeError("okeanos", `flavor ${wanted} is not offered; use one of: ${names}`);
  }
  return found;
}

/** Returns the newest active image named `wanted`, or the one with this ID. @throws NodeError if there is none */
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
      `image ${wanted} does not exist; register it first (docs/okeanos.md), or use another image`,
    );
  }
  return found;
}

/** Returns whether servers of `image` read `user_data`, according to the image's property CLOUD_INIT. */
export function readsUserData({ metadata = {} }: Image): boolean {
  const [, value] =
    Object.entries(metadata).find(([key]) => key.toUpperCase() === "CLOUD_INIT") ?? [];
  return value !== undefined && !["", "0", "no", "false"].includes(value.toLowerCase());
}

/** Name that selects any pool of public addresses. */
const ANY_POOL = "public";

/**
 * Returns the ID of the pool of public addresses with the name or ID `wanted`. A pool is a network.
 *
 * @throws NodeError if there is no such pool.
 */
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
      `there is no pool of public addresses named ${wanted}; available: ${names}`,
    );
  }
  return found.id;
}
