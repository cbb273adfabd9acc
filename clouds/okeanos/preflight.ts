import { type Flavor, findFlavor, flavorOfServer, offeredFlavor } from "./catalogue";
import type { OkeanosClient } from "./client";
import { unusedAddresses } from "./floating-ips";
import { networksCalled } from "./networks";
import { ADDRESSES, findProject, ofServers, quotaRows, quotasOf, quotaTable } from "./quotas";
import { OkeanosServers, OWNER } from "./servers";

/** What an update adds to a project of Okeanos. */
export interface OkeanosDemand {
  /** ID or name of the project; the user's own where there is none. */
  readonly project?: string | undefined;
  /** Name of the network that is to be made; none where there is one already. */
  readonly network?: string | undefined;
  readonly addresses: number;
  readonly servers: readonly {
    /** The flavor that it is to have. */
    readonly flavor: string;
    /** The one that it has, where it is there. */
    readonly was?: string | undefined;
    readonly owner: string;
  }[];
  /** Whether free addresses of the project count as new ones. */
  readonly reuse: boolean;
  /** Addresses that the stack has: they do not count. */
  readonly reserved: readonly string[];
}

/** Of a server whose flavor nobody knows any more: what it gives back is not counted on. */
const UNKNOWN: Flavor = { id: 0, name: "unknown", vcpus: 0, ram: 0, disk: 0 };

/** What servers are to be of, and are of. Those that keep their flavor need nothing of it. */
async function flavorsOf(
  okeanos: OkeanosClient,
  servers: OkeanosDemand["servers"],
): Promise<{ readonly flavor: Flavor; readonly was?: Flavor }[]> {
  // What an interrupted update left behind goes before its successor comes.
  const found = await new OkeanosServers(okeanos).all();
  return Promise.all(
    servers
      .filter(({ flavor, was }) => flavor !== was)
      .map(async ({ flavor: wanted, was, owner }) => {
        const flavor = await findFlavor(okeanos, wanted);
        const there = found.find(({ metadata }) => metadata[OWNER] === owner);
        if (there === undefined && was === undefined) return { flavor };
        const before = there
          ? await flavorOfServer(okeanos, there.flavor.id)
          : await offeredFlavor(okeanos, was ?? "");
        return { flavor, was: before ?? UNKNOWN };
      }),
  );
}

/** Of the flavors that servers keep, those that no server could be made anew of. */
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

/** What an update needs of its project, beside what is free there. */
export interface Preflight {
  /** ID. */
  readonly project: string;
  readonly table: string;
  /** What there is too little of; empty where there is enough. */
  readonly shortage: string;
  /** Names of flavors that servers keep and that are not offered any more; empty where there are none. */
  readonly retired: string;
}

export async function preflight(okeanos: OkeanosClient, demand: OkeanosDemand): Promise<Preflight> {
  const project = await findProject(okeanos, demand.project);
  const quotas = await quotasOf(okeanos, project.id);
  const servers = await flavorsOf(okeanos, demand.servers);
  const { network } = demand;
  const hasNetwork = network === undefined || (await networksCalled(okeanos, network)).length > 0;
  const unused = demand.reuse ? await unusedAddresses(okeanos, project.id, demand.reserved) : [];
  const rows = quotaRows(
    {
      ...ofServers(servers),
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
