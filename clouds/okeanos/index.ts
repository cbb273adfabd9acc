import { OperatorError, NodeError } from "../../core/errors";
import { OkeanosClient } from "./client";
import type { CloudApi } from "../cloud";
import { okeanosTaggedResources } from "./tagged";
import { PollTimeout } from "../../core/retry";
import { okeanosHeadroom, type ZoneNeeds } from "./headroom";

export interface OkeanosCloudOptions extends ZoneNeeds {
  readonly mark: string;
}

/** The Okeanos that the environment names, for an exchange with zones as `options` has them. */
export function okeanosCloud(
  options: OkeanosCloudOptions,
  connect: () => OkeanosClient = () => OkeanosClient.fromEnvironment(),
): CloudApi {
  return {
    headroom: () => inFaults(() => okeanosHeadroom(connect(), options)),
    taggedResources: () =>
      inFaults(async () =>
        (await okeanosTaggedResources(connect(), options.mark)).map((thing) => ({
          ...thing,
          remove: () => inFaults(() => thing.remove()),
        })),
      ),
  };
}

/** What the provider says of a failure, as the autoscaler's own. */
async function inFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PollTimeout)
      throw new OperatorError("Okeanos does not get done; look at its console");
    throw error instanceof NodeError ? new OperatorError(error.message) : error;
  }
}
