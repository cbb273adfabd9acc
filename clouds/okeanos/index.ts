import { OperatorError } from "../../core/errors";
import { explainTimeout } from "../../core/retry";
import type { CloudApi } from "../cloud-api";
import { OkeanosClient } from "./client";
import { okeanosHeadroom, type ZoneNeeds } from "./headroom";
import { okeanosTaggedResources } from "./tagged";

export interface OkeanosCloudOptions extends ZoneNeeds {
  readonly tag: string;
}

/**
 * Returns the cloud API of Okeanos for one exchange.
 *
 * @param connect returns a client; by default, with the settings in the environment. Each method of the API calls it.
 */
export function okeanosCloud(
  options: OkeanosCloudOptions,
  connect: () => OkeanosClient = () => OkeanosClient.fromEnvironment(),
): CloudApi {
  return {
    headroom: async () => explained(okeanosHeadroom(connect(), options)),
    taggedResources: async () => {
      const resources = await explained(okeanosTaggedResources(connect(), options.tag));
      return resources.map((resource) => ({
        ...resource,
        remove: () => explained(resource.remove()),
      }));
    },
  };
}

/** Turns a timeout of `work` into an OperatorError. */
const explained = <T>(work: Promise<T>): Promise<T> =>
  explainTimeout(
    work,
    () => new OperatorError("Okeanos did not finish in time; check its console"),
  );
