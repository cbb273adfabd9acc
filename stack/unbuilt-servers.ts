import type { Stack } from "@pulumi/pulumi/automation";
import { z } from "zod";
import { cloudSettings } from "../clouds/openstack/settings";
import { CloudSession } from "../clouds/openstack/session";
import { type Deployed, exportedStack } from "./stack";

const INSTANCE = "openstack:compute/instance:Instance";

/** A server that the cloud took on and could not build: Nova's state ERROR. */
export interface UnbuiltServer {
  readonly urn: string;
  readonly id: string;
}

/**
 * An update would keep such a server and wait for it in vain: OpenStack's provider has it replaced only
 * where it is asked to.
 */
export const unbuiltServers = ({ resources = [] }: Deployed): UnbuiltServer[] =>
  resources
    .filter(({ type, initErrors = [] }) => type === INSTANCE && initErrors.length > 0)
    .map(({ urn, id = "" }) => ({ urn, id }));

/** Nova's `GET /servers/{id}`; a `fault` is there in state ERROR alone. */
const answer = z.object({
  server: z.object({ name: z.string(), fault: z.object({ message: z.string() }).optional() }),
});

/** Why they could not be built, in Nova's words, a line each; Pulumi has only their state to tell. */
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

/** The same for all that `stack` has; nothing where that cannot be found out, for it is said beside a failure. */
export async function buildFaultsOf(stack: Stack): Promise<string[]> {
  try {
    return await buildFaults(unbuiltServers(await exportedStack(stack)));
  } catch {
    return [];
  }
}
