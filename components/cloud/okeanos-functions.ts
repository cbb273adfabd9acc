import * as pulumi from "@pulumi/pulumi";
import type { OkeanosDemand } from "../../provider/inputs";
import { lastResources } from "../last-resources";
import type { PbxProvider } from "../pbx-provider";

/** Calls a function of this project's provider. @throws pulumi.RunError in its words. */
export async function ask<Answer extends object>(
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
  const find = (type: string, name?: string) =>
    resources.find(
      (resource) => resource.type === type && (name ?? resource.name) === resource.name,
    );
  return {
    project,
    ...(find("pbx:okeanos:Network") === undefined ? { network } : {}),
    addresses: servers.filter(({ name }) => find("pbx:okeanos:FloatingIp", name) === undefined)
      .length,
    servers: servers.map(({ name, owner, flavor }) => {
      const was = find("pbx:okeanos:Server", name)?.outputs.flavor as string | undefined;
      return { flavor, owner, ...(was === undefined ? {} : { was }) };
    }),
    reuse: reuseAddresses,
  };
}

/**
 * ID of the project that pays, once it is known to have what this update needs: everything that costs
 * something takes it from here, and so is not made before.
 *
 * @throws pulumi.RunError naming what there is too little of.
 */
export function solventProject(args: ProjectArgs): pulumi.Output<string | undefined> {
  // Without a token there is nothing to ask with; a preview does without.
  if (pulumi.runtime.isDryRun() && !process.env.OS_TOKEN) {
    void pulumi.log.warn("OS_TOKEN is not set: quotas and images of Okeanos were not looked at");
    return pulumi.output(args.project);
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
