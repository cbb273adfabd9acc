import { z } from "zod";
import { OperatorError } from "../../core/errors";
import { explainTimeout, poll } from "../../core/retry";
import type { TaggedResource } from "../cloud-api";
import type { CloudSession, OpenStackService } from "./cloud-session";

const servers = z.object({
  servers: z.array(z.object({ id: z.string(), metadata: z.record(z.string(), z.string()) })),
});
const described = z.array(z.object({ id: z.string(), description: z.string().nullish() }));
const floatingIps = z.object({ floatingips: described });
const ports = z.object({ ports: described });

/** A kind of resource: its name for messages, its type in Pulumi's state, and its service and path in the API. */
interface Kind extends Pick<TaggedResource, "kind" | "type"> {
  readonly service: OpenStackService;
  readonly path: string;
}
const SERVER: Kind = {
  kind: "server",
  type: "openstack:compute/instance:Instance",
  service: "compute",
  path: "/servers",
};
const FLOATING_IP: Kind = {
  kind: "floating IP",
  type: "openstack:networking/floatingIp:FloatingIp",
  service: "network",
  path: "/floatingips",
};
const PORT: Kind = {
  kind: "port",
  type: "openstack:networking/port:Port",
  service: "network",
  path: "/ports",
};

/** Timeout for a deletion, in milliseconds. Servers take the longest. */
const DEADLINE = 2 * 60_000;

/** Returns the servers, floating IPs and ports with `tag`, in the order in which they can be deleted. */
export async function openstackTaggedResources(
  session: CloudSession,
  tag: string,
): Promise<TaggedResource[]> {
  const project = await session.projectId();
  const [byCompute, byAddress, byPort] = await Promise.all([
    session.get("compute", "/servers/detail", servers),
    session.get("network", `/floatingips?project_id=${project}`, floatingIps),
    session.get("network", `/ports?project_id=${project}`, ports),
  ]);
  const ours = (of: Kind, id: string, text: string | null | undefined): TaggedResource[] => {
    if (text?.startsWith(`${tag} `) !== true) return [];
    const { kind, type } = of;
    const node = text.slice(tag.length + 1);
    return [{ kind, type, id, node, remove: () => remove(session, of, id) }];
  };
  return [
    ...byCompute.servers.flatMap(({ id, metadata }) => ours(SERVER, id, metadata.mark)),
    ...byAddress.floatingips.flatMap(({ id, description }) => ours(FLOATING_IP, id, description)),
    ...byPort.ports.flatMap(({ id, description }) => ours(PORT, id, description)),
  ];
}

/** Deletes a resource and waits until it is gone: a deleted server uses its port for a while. @throws OperatorError */
async function remove(session: CloudSession, of: Kind, id: string): Promise<void> {
  const path = `${of.path}/${id}`;
  await session.delete(of.service, path);
  const isGone = async (): Promise<true | undefined> =>
    (await session.find(of.service, path, z.unknown())) === null ? true : undefined;
  await explainTimeout(
    poll(isGone, DEADLINE),
    () =>
      new OperatorError(`the cloud did not delete ${of.kind} ${id} in time; delete it manually`),
  );
}
