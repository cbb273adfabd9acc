import type { Stack } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { CloudSession } from "../clouds/openstack/cloud-session";
import { cloudSettings } from "../clouds/openstack/cloud-settings";
import { type StackState, exportedStack } from "./state";

const INSTANCE = "openstack:compute/instance:Instance";

/** A server that the cloud accepted but could not build. */
export interface UnbuiltServer {
  readonly urn: string;
  readonly id: string;
}

/**
 * Returns the servers that the cloud could not build. An update must replace such a server explicitly. Otherwise the
 * OpenStack provider keeps the server, and the update waits for it in vain.
 */
export const unbuiltServers = ({ resources = [] }: StackState): UnbuiltServer[] =>
  resources
    .filter(({ type, initErrors = [] }) => type === INSTANCE && initErrors.length > 0)
    .map(({ urn, id = "" }) => ({ urn, id }));

/** Response to Nova's `GET /servers/{id}`. Nova adds `fault` only if the status of the server is ERROR or DELETED. */
const answer = z.object({
  server: z.object({ name: z.string(), fault: z.object({ message: z.string() }).optional() }),
});

/** Returns Nova's reasons why servers could not be built, one line each. Pulumi reports only the status of a server. */
export async function buildFaults(
  servers: readonly UnbuiltServer[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<string[]> {
  if (servers.length === 0) return [];
  const cloud = new CloudSession(cloudSettings(env));
  const lines = await Promise.all(
    servers.map(async ({ id }) => {
      const found = await cloud.find("compute", `/servers/${id}`, answer);
      return found?.server.fault && `${found.server.name}: ${found.server.fault.message}`;
    }),
  );
  return lines.filter((line) => line !== undefined);
}

/**
 * Returns Nova's reasons for all servers of `stack` that could not be built; empty if the reasons cannot be read.
 * Throws no error, because the caller is already reporting another failure.
 */
export async function buildFaultsOf(stack: Stack): Promise<string[]> {
  try {
    return await buildFaults(unbuiltServers(await exportedStack(stack)));
  } catch {
    return [];
  }
}
