import { type Flavor, findFlavor, flavorOfServer, offeredFlavor } from "./catalogue";
import type { OkeanosClient } from "./client";
import { unusedAddresses } from "./floating-ips";
import { networksNamed } from "./networks";
import { ADDRESSES, findProject, serverNeeds, quotaRows, quotasOf, quotaTable } from "./quotas";
import { OkeanosServers, OWNER } from "./servers";

/** Resources that an update needs in an Okeanos project. */
export interface OkeanosDemand {
  /** ID or name of the project; the user's own project if undefined. */
  readonly project?: string | undefined;
  /**
   * Name of the network that the update creates; undefined if it creates none. If a network with this name exists, the
   * update replaces it, and needs no further quota.
   */
  readonly network?: string | undefined;
  /** Number of public addresses that the update adds. */
  readonly addresses: number;
  readonly servers: readonly {
    readonly flavor: string;
    /** Current flavor, from the stack's state; undefined if the state has no such server. */
    readonly was?: string | undefined;
    /** Tag of the node. */
    readonly owner: string;
  }[];
  /** Whether the update uses unused addresses of the project before it allocates new addresses. */
  readonly reuse: boolean;
  /** Addresses that the stack already has. They do not count as unused. */
  readonly reserved: readonly string[];
}

/** Placeholder for a current flavor of unknown size. With its zero sizes, the old server frees nothing. */
const UNKNOWN: Flavor = { id: 0, name: "unknown", vcpus: 0, ram: 0, disk: 0 };

/** Returns each server's planned flavor, and its current flavor if any. Omits servers that keep their flavor. */
async function flavorsOf(
  okeanos: OkeanosClient,
  servers: OkeanosDemand["servers"],
): Promise<{ readonly flavor: Flavor; readonly was?: Flavor }[]> {
  // Includes servers that an interrupted update left behind. Each is deleted before its successor is created, which
  // frees its quota.
  const found = await new OkeanosServers(okeanos).all();
  return Promise.all(
    servers
      .filter(({ flavor, was }) => flavor !== was)
      .map(async ({ flavor: wanted, was, owner }) => {
        const flavor = await findFlavor(okeanos, wanted);
        const existing = found.find(({ metadata }) => metadata[OWNER] === owner);
        if (existing === undefined && was === undefined) return { flavor };
        const before = existing
          ? await flavorOfServer(okeanos, existing.flavor.id)
          : await offeredFlavor(okeanos, was ?? "");
        return { flavor, was: before ?? UNKNOWN };
      }),
  );
}

/** Returns the flavors that servers keep but that are no longer offered for new servers. */
async function retiredFlavors(
  okeanos: OkeanosClient,
  servers: OkeanosDemand["servers"],
): Promise<string[]> {
  const kept = new Set(servers.filter(({ flavor, was }) => flavor === was).map(({ was }) => was));
  const retired: string[] = [];
  for (const flavor of kept) {
    if (flavor !== undefined && (await offeredFlavor(okeanos, flavor)) === undefined)
      retired.push(flavor);
  }
  return retired;
}

/** Comparison of the resources that an update needs with the free quota of its project. */
export interface Preflight {
  /** ID of the project. */
  readonly project: string;
  readonly table: string;
  /** Message about the quotas that do not suffice; empty if all suffice. */
  readonly shortage: string;
  /** Flavors that servers keep but that are no longer offered, separated by commas; empty if there are none. */
  readonly retired: string;
}

export async function preflight(okeanos: OkeanosClient, demand: OkeanosDemand): Promise<Preflight> {
  const project = await findProject(okeanos, demand.project);
  const quotas = await quotasOf(okeanos, project.id);
  const servers = await flavorsOf(okeanos, demand.servers);
  const { network } = demand;
  const hasNetwork = network === undefined || (await networksNamed(okeanos, network)).length > 0;
  const unused = demand.reuse ? await unusedAddresses(okeanos, project.id, demand.reserved) : [];
  const rows = quotaRows(
    {
      ...serverNeeds(servers),
      "cyclades.network.private": hasNetwork ? 0 : 1,
      [ADDRESSES]: Math.max(0, demand.addresses - unused.length),
    },
    quotas,
  );
  const short = rows.filter(({ needed, free }) => needed > free);
  return {
    project: project.id,
    table: quotaTable(project.name, rows),
    shortage: short
      .map(
        ({ resource, title, needed, free }) =>
          `${title} (${resource}): ${String(needed)} needed, ${String(free)} free`,
      )
      .join("; "),
    retired: (await retiredFlavors(okeanos, demand.servers)).join(", "),
  };
}
