import { OperatorError, NodeError } from "../../core/errors";
import { OkeanosClient } from "./client";
import type { CloudApi } from "../cloud";
import { okeanosTaggedResources } from "./tagged";
import { PollTimeout } from "../../core/retry";
import { okeanosHeadroom, type ZoneNeeds } from "./headroom";

export interface OkeanosCloudOptions extends ZoneNeeds {
  readonly tag: string;
}

/** Returns the Okeanos cloud that the environment names, for an exchange with the zones in `options`. */
export function okeanosCloud(
  options: OkeanosCloudOptions,
  connect: () => OkeanosClient = () => OkeanosClient.fromEnvironment(),
): CloudApi {
  return {
    headroom: () => withOperatorErrors(() => okeanosHeadroom(connect(), options)),
    taggedResources: () =>
      withOperatorErrors(async () =>
        (await okeanosTaggedResources(connect(), options.tag)).map((thing) => ({
          ...thing,
          remove: () => withOperatorErrors(() => thing.remove()),
        })),
      ),
  };
}

/** Turns errors of the provider into OperatorErrors. */
async function withOperatorErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PollTimeout)
      throw new OperatorError("Okeanos did not finish in time; check its console");
    throw error instanceof NodeError ? new OperatorError(error.message) : error;
  }
}
