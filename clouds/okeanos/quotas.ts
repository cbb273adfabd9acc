import { NodeError } from "../../core/errors";
import type { Flavor } from "./catalogue";
import type { OkeanosClient } from "./client";

/** Limit and usage of a resource, for the user and for the whole project. */
export interface Quota {
  readonly usage: number;
  readonly limit: number;
  readonly project_usage: number;
  readonly project_limit: number;
}

/** Quotas by resource: `cyclades.vm`, `cyclades.disk`, … */
export type Quotas = Readonly<Record<string, Quota>>;

export const ADDRESSES = "cyclades.floating_ip";

/** Title of each resource for messages, and the size of its unit in bytes; 1 for resources that are counted. */
const RESOURCES: Readonly<Record<string, { readonly title: string; readonly unit: number }>> = {
  "cyclades.vm": { title: "servers", unit: 1 },
  "cyclades.cpu": { title: "processors", unit: 1 },
  "cyclades.ram": { title: "MiB of memory", unit: 2 ** 20 },
  "cyclades.disk": { title: "GiB of disk", unit: 2 ** 30 },
  "cyclades.network.private": { title: "private networks", unit: 1 },
  [ADDRESSES]: { title: "public addresses", unit: 1 },
};

export interface QuotaRow {
  /** Name of the resource in Astakos. */
  readonly resource: string;
  /** Plural name for a message. Includes the unit of the amounts, such as `MiB of memory`. */
  readonly title: string;
  readonly needed: number;
  /** Amount that the user can still use, of `limit`. */
  readonly free: number;
  readonly limit: number;
}

interface Project {
  readonly id: string;
  readonly name: string;
}

/** Returns the tighter limit of a resource, the user's or the project's, and the amount that it leaves free. */
export function remaining(quota: Quota): Pick<QuotaRow, "free" | "limit"> {
  const { usage, limit, project_usage, project_limit } = quota;
  return limit - usage <= project_limit - project_usage
    ? { free: Math.max(0, limit - usage), limit }
    : { free: Math.max(0, project_limit - project_usage), limit: project_limit };
}

/**
 * Returns the additional amounts that servers need, by resource. Memory and disk are in bytes. What one server frees is
 * not available to the others.
 *
 * @param servers planned flavor of each server, and its current flavor `was` if the server exists.
 */
export function serverNeeds(
  servers: readonly { readonly flavor: Flavor; readonly was?: Flavor }[],
) {
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

/** Compares needs (memory and disk in bytes) with quotas. Omits resources without a quota, which have no limit. */
export function quotaRows(needs: Readonly<Record<string, number>>, quotas: Quotas): QuotaRow[] {
  return Object.entries(needs).flatMap(([resource, needed]) => {
    const quota = quotas[resource];
    const { title = resource, unit = 1 } = RESOURCES[resource] ?? {};
    if (quota === undefined) return [];
    const { free, limit } = remaining(quota);
    const inUnits = { free: Math.floor(free / unit), limit: Math.floor(limit / unit) };
    return [{ resource, title, needed: needed / unit, ...inUnits }];
  });
}

/**
 * Returns the project with the ID or name `wanted`; the user's own project if `wanted` is undefined.
 *
 * @throws NodeError if the user is not a member of the project.
 */
export async function findProject(okeanos: OkeanosClient, wanted?: string): Promise<Project> {
  const projects = await okeanos.get<Project[]>("account", "projects?mode=member");
  const user = await okeanos.user();
  const found = projects.find(({ id, name }) =>
    wanted === undefined ? id === user : id === wanted || name === wanted,
  );
  if (found === undefined) {
    const names = projects.map(({ name }) => name).join(", ") || "none";
    throw new NodeError(
      "okeanos",
      `you are not a member of project ${wanted ?? user}; set pbx:okeanosProject to one of: ${names}`,
    );
  }
  return found;
}

export async function quotasOf(okeanos: OkeanosClient, project: string): Promise<Quotas> {
  const quotas = await okeanos.get<Readonly<Record<string, Quotas>>>("account", "quotas");
  return quotas[project] ?? {};
}

export function quotaTable(project: string, rows: readonly QuotaRow[]): string {
  const cells = [
    ["resource", "needed", "free"],
    ...rows.map(({ title, needed, free }) => [title, String(needed), String(free)]),
  ];
  const widths = [0, 1, 2].map((column) =>
    Math.max(...cells.map((row) => row[column]?.length ?? 0)),
  );
  const lines = cells.map(([title = "", needed = "", free = ""]) =>
    [title.padEnd(widths[0] ?? 0), needed.padStart(widths[1] ?? 0), free.padStart(widths[2] ?? 0)]
      .join("  ")
      .trimEnd(),
  );
  return [`project ${project}:`, ...lines.map((line) => `  ${line}`)].join("\n");
}
