import * as pulumi from "@pulumi/pulumi";
import type { OkeanosDemand } from "../../clouds/okeanos/preflight";
import { type LastResource, lastResources } from "../last-resources";
import type { PbxProvider } from "../pbx-provider";

const NETWORK = "pbx:okeanos:Network";
const ADDRESS = "pbx:okeanos:FloatingIp";
const SERVER = "pbx:okeanos:Server";

/** Without a token there is nothing to ask with; a preview does without. */
const isMute = (): boolean => pulumi.runtime.isDryRun() && !process.env.OS_TOKEN;

/** Calls a function of this project's provider. @throws pulumi.RunError in its words. */
async function ask<Answer extends object>(
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

/** What the stack has of a resource; undefined where it has none. */
const outputsOf = (
  resources: readonly LastResource[],
  type: string,
  name?: string,
): LastResource["outputs"] | undefined =>
  resources.find((resource) => resource.type === type && (name ?? resource.name) === resource.name)
    ?.outputs;

/** The public addresses that the stack has, also those whose servers are still to come. */
const addressesIn = (resources: readonly LastResource[]): string[] =>
  resources.flatMap(({ type, outputs: { address } }) =>
    type === ADDRESS && typeof address === "string" ? [address] : [],
  );

/** The same as the last update left them. */
export const stackAddresses = async (): Promise<string[]> => addressesIn(await lastResources());

/**
 * The image called `name`. A preview that cannot ask takes the one of the server `node`, where that is
 * there: nothing is replaced then.
 */
export async function lookUpImage(
  name: string,
  node: string,
  provider: PbxProvider,
): Promise<{ readonly id: string; readonly properties?: Readonly<Record<string, unknown>> }> {
  if (!isMute()) return ask("pbx:okeanos:getImage", { name }, provider);
  const { image = name } = outputsOf(await lastResources(), SERVER, node) ?? {};
  return { id: String(image) };
}

export interface ProjectArgs {
  readonly provider: PbxProvider;
  /** ID or name of the project; the user's own where none is named. */
  readonly project: string | undefined;
  /** What the network is called there. */
  readonly network: string;
  readonly servers: readonly {
    readonly name: string;
    readonly owner: string;
    readonly flavor: string;
  }[];
  readonly reuseAddresses: boolean;
}

/** What an update is going to make that the stack does not have yet. */
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
 * ID of the project that pays, once it is known to have what this update needs: everything that costs
 * something takes it from here, and so is not made before.
 *
 * @throws pulumi.RunError naming what there is too little of.
 */
export function projectWithQuota(args: ProjectArgs): pulumi.Output<string | undefined> {
  if (isMute()) {
    void pulumi.log.warn(
      "OS_TOKEN is not set: quotas, project and images of Okeanos were not looked at; " +
        "what the stack has of them is taken to stay",
    );
    return pulumi.output(
      lastResources().then((resources) => {
        const { project = args.project } = outputsOf(resources, NETWORK) ?? {};
        return project as string | undefined;
      }),
    );
  }
  const looked = demand(args).then((wanted) =>
    ask<{ project: string; table: string; shortage: string; retired: string }>(
      "pbx:okeanos:preflight",
      wanted,
      args.provider,
    ),
  );
  return pulumi.output(looked).apply(({ project, table, shortage, retired }) => {
    if (shortage !== "") {
      throw new pulumi.RunError(
        `Okeanos has too little left for this update: ${shortage}; nothing was changed. ` +
          `Free some of it, or ask for more.\n${table}`,
      );
    }
    if (retired !== "") {
      void pulumi.log.warn(
        `Okeanos does not offer flavor ${retired} any more. Servers keep it, and cannot be made anew ` +
          "with it: before anything replaces them, set pbx:flavor and pbx:controllerFlavor to others",
      );
    }
    if (pulumi.runtime.isDryRun()) {
      void pulumi.log.info(`what this update takes of Okeanos, ${table}`);
    }
    return project;
  });
}
