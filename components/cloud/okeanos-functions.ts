import * as pulumi from "@pulumi/pulumi";
import type { OkeanosDemand } from "../../clouds/okeanos/preflight";
import { type LastResource, lastResources } from "../last-state";
import type { PbxProvider } from "../resources/pbx-provider";

const NETWORK = "pbx:okeanos:Network";
const ADDRESS = "pbx:okeanos:FloatingIp";
const SERVER = "pbx:okeanos:Server";

/** Returns whether this run is a preview without a token. Such a preview sends no requests to the cloud. */
const isOffline = (): boolean => pulumi.runtime.isDryRun() && !process.env.OS_TOKEN;

/** Calls a function of this project's provider. @throws pulumi.RunError with the provider's message. */
async function callProvider<Answer extends object>(
  token: string,
  args: object,
  provider: PbxProvider,
): Promise<Answer> {
  const answer = (await pulumi.runtime.invoke(token, { ...args }, { provider })) as Answer & {
    readonly fault?: string;
  };
  if (answer.fault !== undefined) {
    throw new pulumi.RunError(answer.fault);
  }
  return answer;
}

/** Returns the outputs of the first resource with this type, and with `name` if given; undefined if there is none. */
const outputsOf = (
  resources: readonly LastResource[],
  type: string,
  name?: string,
): LastResource["outputs"] | undefined =>
  resources.find((resource) => resource.type === type && (name ?? resource.name) === resource.name)
    ?.outputs;

/** Returns the public addresses of the stack, including addresses whose servers do not exist yet. */
const addressesIn = (resources: readonly LastResource[]): string[] =>
  resources.flatMap(({ type, outputs: { address } }) =>
    type === ADDRESS && typeof address === "string" ? [address] : [],
  );

/** Returns the public addresses in the stack's state before this update. */
export const stackAddresses = async (): Promise<string[]> => addressesIn(await lastResources());

/**
 * Returns the image with `name`. A preview without a token returns the image of the current server of `node`, so that
 * the image does not replace the server. If that server does not exist, such a preview returns `name` as the ID.
 */
export async function lookUpImage(
  name: string,
  node: string,
  provider: PbxProvider,
): Promise<{ readonly id: string; readonly properties?: Readonly<Record<string, unknown>> }> {
  if (!isOffline()) return callProvider("pbx:okeanos:getImage", { name }, provider);
  const { image = name } = outputsOf(await lastResources(), SERVER, node) ?? {};
  return { id: String(image) };
}

export interface ProjectArgs {
  readonly provider: PbxProvider;
  /** ID or name of the project; undefined for the user's own project. */
  readonly project: string | undefined;
  /** Name of the network in Okeanos. */
  readonly network: string;
  readonly servers: readonly {
    readonly name: string;
    readonly owner: string;
    readonly flavor: string;
  }[];
  readonly reuseAddresses: boolean;
}

/** Returns what the update needs: servers with planned and current flavors, and new addresses and networks. */
async function demand({
  project,
  network,
  servers,
  reuseAddresses,
}: ProjectArgs): Promise<OkeanosDemand> {
  const resources = await lastResources();
  return {
    project,
    ...(outputsOf(resources, NETWORK) === undefined ? { network } : {}),
    addresses: servers.filter(({ name }) => outputsOf(resources, ADDRESS, name) === undefined)
      .length,
    servers: servers.map(({ name, owner, flavor }) => {
      const was = outputsOf(resources, SERVER, name)?.flavor as string | undefined;
      return { flavor, owner, ...(was === undefined ? {} : { was }) };
    }),
    reuse: reuseAddresses,
    reserved: addressesIn(resources),
  };
}

/**
 * Checks the quotas of the project, and returns the project's ID. All resources that use quota depend on this ID, so
 * none of them is created before the check. A preview without a token checks nothing and warns about it.
 *
 * @throws pulumi.RunError that lists the quotas that are too small.
 */
export function projectWithQuota(args: ProjectArgs): pulumi.Output<string | undefined> {
  if (isOffline()) {
    void pulumi.log.warn(
      "OS_TOKEN is not set: quotas, project and images of Okeanos were not checked; " +
        "this preview assumes that the project and the images of the stack stay unchanged",
    );
    return pulumi.output(
      lastResources().then((resources) => {
        const { project = args.project } = outputsOf(resources, NETWORK) ?? {};
        return project as string | undefined;
      }),
    );
  }
  const preflight = demand(args).then((wanted) =>
    callProvider<{ project: string; table: string; shortage: string; retired: string }>(
      "pbx:okeanos:preflight",
      wanted,
      args.provider,
    ),
  );
  return pulumi.output(preflight).apply(({ project, table, shortage, retired }) => {
    if (shortage !== "") {
      throw new pulumi.RunError(
        `Okeanos has too little free quota for this update: ${shortage}; nothing was changed. ` +
          `Free some of the quota, or request more.\n${table}`,
      );
    }
    if (retired !== "") {
      void pulumi.log.warn(
        `Okeanos no longer offers flavor ${retired}. Servers keep the flavor, but cannot be replaced ` +
          "with it: set pbx:flavor and pbx:controllerFlavor to other flavors before an update replaces servers",
      );
    }
    if (pulumi.runtime.isDryRun()) {
      void pulumi.log.info(`quota that this update needs in Okeanos ${table}`);
    }
    return project;
  });
}
