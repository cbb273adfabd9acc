import type {
  Amounts,
  CloudState,
  FlavorRecord,
  Project,
  Resource,
  ServerRecord,
} from "./cloud-state";
import { forbidden, overLimit } from "./faults";

/** Resources in the order in which Astakos checks quotas. */
export const RESOURCES: readonly Resource[] = [
  "cyclades.cpu",
  "cyclades.disk",
  "cyclades.floating_ip",
  "cyclades.network.private",
  "cyclades.ram",
  "cyclades.vm",
];

/** Names of resources in the faults of Cyclades. */
const NAMES: Readonly<Record<Resource, string>> = {
  "cyclades.cpu": "CPU",
  "cyclades.disk": "disk",
  "cyclades.floating_ip": "Floating IP address",
  "cyclades.network.private": "Private Network",
  "cyclades.ram": "RAM",
  "cyclades.vm": "Virtual Machine",
};

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** Returns the amounts that only a running server uses. */
export const running = ({ vcpus, ram }: FlavorRecord): Amounts => ({
  "cyclades.cpu": vcpus,
  "cyclades.ram": ram * MIB,
});

const stopped = ({ disk }: FlavorRecord): Amounts => ({
  "cyclades.disk": disk * GIB,
  "cyclades.vm": 1,
});

export const server = (flavor: FlavorRecord): Amounts => ({
  ...stopped(flavor),
  ...running(flavor),
});

export interface Usage {
  /** Usage of the user in the project. */
  readonly usage: number;
  readonly limit: number;
  /** Usage of all members of the project. */
  readonly projectUsage: number;
  readonly projectLimit: number;
}

/** Quotas of users and projects. Usage is computed from the resources in `cloudState`. */
export class QuotaUsage {
  constructor(private readonly cloudState: CloudState) {}

  of(userId: string, project: Project): ReadonlyMap<Resource, Usage> {
    const own = this.used(project.id, (owner) => owner === userId);
    const all = this.used(project.id, () => true);
    return new Map(
      RESOURCES.map((resource) => [
        resource,
        {
          usage: own.get(resource) ?? 0,
          limit: project.limits[resource],
          projectUsage: all.get(resource) ?? 0,
          projectLimit: project.projectLimits[resource],
        },
      ]),
    );
  }

  /**
   * Returns the project whose quota counts: the project with the ID `wanted`, or the user's own project.
   *
   * @throws SynnefoFault if the user is not a member of the project.
   */
  project(userId: string, wanted: unknown): Project {
    const project = this.cloudState.projects.get(typeof wanted === "string" ? wanted : userId);
    if (project?.members.includes(userId) !== true) {
      throw forbidden(`User ${userId} is not a member of project ${String(wanted)}`);
    }
    return project;
  }

  /** Checks that the amounts are available. @throws SynnefoFault if the project or the user has less quota left. */
  take(userId: string, project: Project, amounts: Amounts): void {
    for (const [resource, { usage, limit, projectUsage, projectLimit }] of this.of(
      userId,
      project,
    )) {
      const requested = amounts[resource] ?? 0;
      const free = Math.min(limit - usage, projectLimit - projectUsage);
      if (requested > free) {
        throw overLimit(
          "Resource Limit Exceeded for your account.",
          `Limit for resource '${NAMES[resource]}' exceeded for your account. ` +
            `Available: ${String(free)}, Requested: ${String(requested)}`,
        );
      }
    }
  }

  private used(project: string, counts: (userId: string) => boolean): Map<Resource, number> {
    const { servers, networks, floatingIps, flavors } = this.cloudState;
    const total = new Map<Resource, number>();
    const add = (owned: { userId: string | null; project: string | null }, amounts: Amounts) => {
      if (owned.userId === null || owned.project !== project || !counts(owned.userId)) return;
      for (const resource of RESOURCES) {
        total.set(resource, (total.get(resource) ?? 0) + (amounts[resource] ?? 0));
      }
    };
    for (const each of servers.values()) {
      const flavor = flavors.get(each.flavorId);
      if (each.state === "DESTROYED" || flavor === undefined) continue;
      add(each, isRunning(each) ? server(flavor) : stopped(flavor));
    }
    for (const network of networks.values()) {
      if (!network.deleted) add(network, { "cyclades.network.private": 1 });
    }
    for (const floatingIp of floatingIps.values()) add(floatingIp, { "cyclades.floating_ip": 1 });
    return total;
  }
}

/** Returns whether a server counts as running. A server that is starting already counts. */
const isRunning = ({ state, task }: ServerRecord): boolean =>
  state !== "STOPPED" || task?.action === "START";
