import type { OkeanosDemand } from "../inputs";
import { NodeError } from "../session";
import { type Flavor, findFlavor } from "./catalogue";
import type { Okeanos } from "./client";
import { addresses, isFree } from "./floating-ips";
import { networksCalled } from "./networks";
import { OWNER, Servers } from "./servers";

/** What a project may have of a resource, and has, for the user and for the project as a whole. */
export interface Quota {
  readonly usage: number;
  readonly limit: number;
  readonly project_usage: number;
  readonly project_limit: number;
}

/** By resource: `cyclades.vm`, `cyclades.disk`, … */
export type Quotas = Readonly<Record<string, Quota>>;

/** What a resource is called in words, and the unit that it is counted in. */
const RESOURCES: Readonly<Record<string, { readonly title: string; readonly unit: number }>> = {
  "cyclades.vm": { title: "servers", unit: 1 },
  "cyclades.cpu": { title: "processors", unit: 1 },
  "cyclades.ram": { title: "memory (MiB)", unit: 2 ** 20 },
  "cyclades.disk": { title: "disk (GiB)", unit: 2 ** 30 },
  "cyclades.network.private": { title: "private networks", unit: 1 },
  "cyclades.floating_ip": { title: "public addresses", unit: 1 },
};

/** A line of the table. */
export interface QuotaRow {
  /** As Astakos calls it. */
  readonly resource: string;
  readonly title: string;
  readonly needed: number;
  readonly free: number;
}

interface Project {
  readonly id: string;
  readonly name: string;
}

/** What the user can still have of a resource. */
export const free = ({ usage, limit, project_usage, project_limit }: Quota): number =>
  Math.max(0, Math.min(limit - usage, project_limit - project_usage));

/** What servers of these flavors take, by resource. */
function ofServers(servers: readonly { readonly flavor: Flavor; readonly was?: Flavor }[]) {
  const sum = (part: (flavor: Flavor) => number): number =>
    servers.reduce((total, { flavor, was }) => {
      const more = part(flavor) - (was === undefined ? 0 : part(was));
      return total + Math.max(0, more);
    }, 0);
  return {
    "cyclades.vm": servers.filter(({ was }) => was === undefined).length,
    "cyclades.cpu": sum(({ vcpus }) => vcpus),
    "cyclades.ram": sum(({ ram }) => ram * 2 ** 20),
    "cyclades.disk": sum(({ disk }) => disk * 2 ** 30),
  };
}

/** What is needed beside what is free. A resource without a quota is without a limit. */
export function quotaRows(needs: Readonly<Record<string, number>>, quotas: Quotas): QuotaRow[] {
  return Object.entries(needs).flatMap(([resource, needed]) => {
    const quota = quotas[resource];
    const { title = resource, unit = 1 } = RESOURCES[resource] ?? {};
    return quota === undefined
      ? []
      : [{ resource, title, needed: needed / unit, free: Math.floor(free(quota) / unit) }];
  });
}

/** How many more servers of `flavor`, each with a public address, the user can have. */
export function headroom(quotas: Quotas, flavor: Flavor): number {
  const needs = { ...ofServers([{ flavor }]), "cyclades.floating_ip": 1 };
  const fits = quotaRows(needs, quotas)
    .filter(({ needed }) => needed > 0)
    .map(({ needed, free: left }) => Math.floor(left / needed));
  return Math.min(...fits);
}

/** The project of this ID or name, the user's own where none is named. @throws NodeError */
export async function findProject(okeanos: Okeanos, wanted?: string): Promise<Project> {
  const projects = await okeanos.get<Project[]>("account", "projects?mode=member");
  const user = await okeanos.user();
  const found = projects.find(({ id, name }) =>
    wanted === undefined ? id === user : id === wanted || name === wanted,
  );
  if (found === undefined) {
    const names = projects.map(({ name }) => name).join(", ") || "none";
    throw new NodeError(
      "okeanos",
      `you are no member of a project ${wanted ?? user}; set pbx:okeanosProject to one of: ${names}`,
    );
  }
  return found;
}

export async function quotasOf(okeanos: Okeanos, project: string): Promise<Quotas> {
  const quotas = await okeanos.get<Readonly<Record<string, Quotas>>>("account", "quotas");
  return quotas[project] ?? {};
}

/** A table for a log, which has lines of its own. */
export function quotaTable(project: string, rows: readonly QuotaRow[]): string {
  const cells = [
    ["resource", "needed", "free"],
    ...rows.map(({ title, needed, free: left }) => [title, String(needed), String(left)]),
  ];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = cells.map(([title = "", needed = "", left = ""]) =>
    [title.padEnd(widths[0] ?? 0), needed.padStart(widths[1] ?? 0), left.padStart(widths[2] ?? 0)]
      .join("  ")
      .trimEnd(),
  );
  return [`project ${project}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}

/** What an update needs of its project, beside what is free there. */
export async function preflight(
  okeanos: Okeanos,
  demand: OkeanosDemand,
): Promise<{ readonly project: string; readonly table: string; readonly shortage: string }> {
  const project = await findProject(okeanos, demand.project);
  const quotas = await quotasOf(okeanos, project.id);
  const flavorOf = (name: string): Promise<Flavor> => findFlavor(okeanos, name);
  // What an interrupted update left behind goes before its successor comes.
  const found = await new Servers(okeanos).all();
  const servers = await Promise.all(
    demand.servers.map(async ({ flavor, was, owner }) => {
      const left = found.find(({ metadata }) => metadata[OWNER] === owner);
      const before = was ?? (left === undefined ? undefined : String(left.flavor.id));
      return {
        flavor: await flavorOf(flavor),
        ...(before === undefined ? {} : { was: await flavorOf(before) }),
      };
    }),
  );
  const { network } = demand;
  const hasNetwork = network === undefined || (await networksCalled(okeanos, network)).length > 0;
  const atHand = demand.reuse
    ? (await addresses(okeanos)).filter(
        (address) => isFree(address) && address.tenant_id === project.id,
      ).length
    : 0;
  const rows = quotaRows(
    {
      ...ofServers(servers),
      "cyclades.network.private": hasNetwork ? 0 : 1,
      "cyclades.floating_ip": Math.max(0, demand.addresses - atHand),
    },
    quotas,
  );
  const short = rows.filter(({ needed, free: left }) => needed > left);
  return {
    project: project.id,
    table: quotaTable(project.name, rows),
    shortage: short
      .map(
        ({ resource, title, needed, free: left }) =>
          `${title} (${resource}): ${String(needed)} needed, ${String(left)} free`,
      )
      .join("; "),
  };
}
