import { account, type Cloud } from "./cloud";
import type { Project, Resource, UserRecord } from "./cloud-state";
import { notFound, unauthorized } from "./faults";
import { type Json, jsonBody } from "./json";
import { RESOURCES } from "./quotas";
import type { Route } from "./router";

const CENTURY = 100 * 365.25 * 24 * 3_600_000;

const DESCRIPTIONS: Readonly<Record<Resource, readonly [unit: string | null, text: string]>> = {
  "cyclades.cpu": [null, "Number of virtual machine processors of running servers"],
  "cyclades.disk": ["bytes", "Virtual machine disk size"],
  "cyclades.floating_ip": [null, "Number of Floating IP addresses"],
  "cyclades.network.private": [null, "Number of private networks"],
  "cyclades.ram": ["bytes", "Virtual machine memory size of running servers"],
  "cyclades.vm": [null, "Number of virtual machines"],
};

const ofResources = <T>(value: (resource: Resource) => T): Record<string, T> =>
  Object.fromEntries(RESOURCES.map((resource) => [resource, value(resource)]));

function quotaView({ quotas }: Cloud, user: UserRecord, project: Project): Json {
  const usages = quotas.of(user.uuid, project);
  return Object.fromEntries(
    [...usages].map(([resource, { usage, limit, projectUsage, projectLimit }]) => [
      resource,
      {
        usage,
        limit,
        pending: 0,
        project_usage: projectUsage,
        project_limit: projectLimit,
        project_pending: 0,
      },
    ]),
  );
}

function projectView({ cloudState, clock }: Cloud, project: Project): Json {
  const owner = cloudState.users.get(project.id);
  return {
    id: project.id,
    name: project.name,
    state: "active",
    owner: project.system ? null : (project.members[0] ?? null),
    private: project.system,
    system_project: project.system,
    homepage: "",
    description: owner === undefined ? "" : `system project for user ${owner.email}`,
    creation_date: clock.stamp(),
    end_date: new Date(clock.now() + CENTURY).toISOString().replace("Z", "000+00:00"),
    join_policy: "closed",
    leave_policy: "closed",
    max_members: project.system ? 1 : null,
    resources: ofResources((resource) => ({
      member_capacity: project.limits[resource],
      project_capacity: project.projectLimits[resource],
    })),
  };
}

export function accountRoutes(cloud: Cloud): readonly Route[] {
  const projectsOf = (user: UserRecord): Project[] =>
    [...cloud.cloudState.projects.values()].filter(({ members }) => members.includes(user.uuid));
  const get = (path: string, view: (user: UserRecord) => unknown): Route =>
    account(cloud, "GET", path, (user) => ({ status: 200, body: view(user) }));
  const forServices = (): never => {
    throw unauthorized("Invalid X-Auth-Token");
  };
  return [
    get("/quotas", (user) =>
      Object.fromEntries(
        projectsOf(user).map((project) => [project.id, quotaView(cloud, user, project)]),
      ),
    ),
    get("/projects", (user) => projectsOf(user).map((project) => projectView(cloud, project))),
    account(cloud, "GET", "/projects/{project:[^/]+}", (user, { params }) => {
      const project = projectsOf(user).find(({ id }) => id === params.project);
      if (project === undefined) throw notFound("Project not found");
      return { status: 200, body: projectView(cloud, project) };
    }),
    get("/resources", () =>
      ofResources((resource) => {
        const [unit, description] = DESCRIPTIONS[resource];
        const service = /floating|network/.test(resource) ? "network" : "compute";
        return {
          unit,
          description,
          service: `cyclades_${service}`,
          api_visible: true,
          ui_visible: true,
        };
      }),
    ),
    get("/commissions", forServices),
    get("/service_quotas", forServices),
    account(cloud, "POST", "/user_catalogs", (_, call) => {
      const { uuids, displaynames } = jsonBody(call);
      const users = [...cloud.cloudState.users.values()];
      const catalog = (keys: unknown, key: keyof UserRecord, value: keyof UserRecord): Json =>
        Object.fromEntries(
          users
            .filter((user) => Array.isArray(keys) && keys.includes(user[key]))
            .map((user) => [user[key], user[value]]),
        );
      return {
        status: 200,
        body: {
          uuid_catalog: catalog(uuids, "uuid", "email"),
          displayname_catalog: catalog(displaynames, "email", "uuid"),
        },
      };
    }),
  ];
}
