import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Fault } from "../../cli/command";
import type { Marked } from "../cloud";
import type { CloudSession } from "./session";

const servers = z.object({
  servers: z.array(z.object({ id: z.string(), metadata: z.record(z.string(), z.string()) })),
});
const described = z.array(z.object({ id: z.string(), description: z.string().nullish() }));
const floatingIps = z.object({ floatingips: described });
const ports = z.object({ ports: described });

/** How long a server may take to go, in milliseconds. */
const DEADLINE = 2 * 60_000;
const INTERVAL = 1000;

/** All that carries `mark`, in the order in which it can be deleted. */
export async function markedThings(session: CloudSession, mark: string): Promise<Marked[]> {
  const project = await session.projectId();
  const [byCompute, byAddress, byPort] = await Promise.all([
    session.get("compute", "/servers/detail", servers),
    session.get("network", `/floatingips?project_id=${project}`, floatingIps),
    session.get("network", `/ports?project_id=${project}`, ports),
  ]);
  const ours = (kind: Marked["kind"], id: string, text: string | null | undefined): Marked[] =>
    text?.startsWith(`${mark} `) === true ? [{ kind, id, node: text.slice(mark.length + 1) }] : [];
  return [
    ...byCompute.servers.flatMap(({ id, metadata }) => ours("server", id, metadata.mark)),
    ...byAddress.floatingips.flatMap(({ id, description }) =>
      ours("floating address", id, description),
    ),
    ...byPort.ports.flatMap(({ id, description }) => ours("port", id, description)),
  ];
}

/** Deletes it, and waits until it is gone: a port is free only without its server. @throws Fault */
export async function removeMarked(session: CloudSession, { kind, id }: Marked): Promise<void> {
  const [service, path] = {
    server: ["compute", `/servers/${id}`] as const,
    "floating address": ["network", `/floatingips/${id}`] as const,
    port: ["network", `/ports/${id}`] as const,
  }[kind];
  await session.delete(service, path);
  const end = Date.now() + DEADLINE;
  while ((await session.find(service, path, z.unknown())) !== null) {
    if (Date.now() > end) {
      throw new Fault(`the cloud does not delete ${kind} ${id}; delete it by hand`);
    }
    await sleep(INTERVAL);
  }
}
