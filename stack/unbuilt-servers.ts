import type { Stack } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { cloudSettings } from "../clouds/openstack/settings";
import { CloudSession } from "../clouds/openstack/session";
import { type StackState, exportedStack } from "./state";

const INSTANCE = "openstack:compute/instance:Instance";

/** A server that the cloud accepted but could not build: Nova's state ERROR. */
export interface UnbuiltServer {
  readonly urn: string;
  readonly id: string;
}

/**
 * Returns the servers that the cloud could not build. An update has to replace them explicitly: the OpenStack
 * provider keeps such a server, and the update would wait for the server in vain.
 */
export const unbuiltServers = ({ resources = [] }: StackState): UnbuiltServer[] =>
  resources
    .filter(({ type, initErrors = [] }) => type === INSTANCE && initErrors.length > 0)
    .map(({ urn, id = "" }) => ({ urn, id }));

/** Response to Nova's `GET /servers/{id}`. It has a `fault` only in state ERROR. */
const answer = z.object({
  server: z.object({ name: z.string(), fault: z.object({ message: z.string() }).optional() }),
});

/** Returns Nova's reasons why servers could not be built, one line each. Pulumi reports only the state. */
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

/** Returns the reasons for all unbuilt servers of `stack`. Ignores errors, because it only explains another failure. */
export async function buildFaultsOf(stack: Stack): Promise<string[]> {
  try {
    return await buildFaults(unbuiltServers(await exportedStack(stack)));
  } catch {
    return [];
  }
}
