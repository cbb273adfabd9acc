import { OperatorError, NodeError } from "../../core/errors";
import { PollTimeout } from "../../core/retry";
import type { CloudApi } from "../cloud";
import { OkeanosClient } from "./client";
import { okeanosHeadroom, type ZoneNeeds } from "./headroom";
import { okeanosTaggedResources } from "./tagged";

export interface OkeanosCloudOptions extends ZoneNeeds {
  readonly tag: string;
}

/** Returns the cloud API of Okeanos for one exchange. Each call reads OS_AUTH_URL and OS_TOKEN from `process.env`. */
export function okeanosCloud(
  options: OkeanosCloudOptions,
  connect: () => OkeanosClient = () => OkeanosClient.fromEnvironment(),
): CloudApi {
  return {
    headroom: () => withOperatorErrors(() => okeanosHeadroom(connect(), options)),
    taggedResources: () =>
      withOperatorErrors(async () =>
        (await okeanosTaggedResources(connect(), options.tag)).map((resource) => ({
          ...resource,
          remove: () => withOperatorErrors(() => resource.remove()),
        })),
      ),
  };
}

/** Turns NodeErrors and timeouts of `work` into plain OperatorErrors. */
async function withOperatorErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PollTimeout)
      throw new OperatorError("Okeanos did not finish in time; check its console");
    throw error instanceof NodeError ? new OperatorError(error.message) : error;
  }
}
