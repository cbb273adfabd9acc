import { OperatorError, NodeError } from "../../core/errors";
import { Okeanos } from "./client";
import { Late } from "../../core/polling";
import type { Cloud } from "../cloud";
import { okeanosHeadroom, type ZoneNeeds } from "./headroom";
import { markedThings } from "./tagged";

export interface OkeanosCloudOptions extends ZoneNeeds {
  readonly mark: string;
}

/** The Okeanos that the environment names, for an exchange with zones as `options` has them. */
export function okeanosCloud(
  options: OkeanosCloudOptions,
  connect: () => Okeanos = () => Okeanos.fromEnvironment(),
): Cloud {
  return {
    headroom: () => inFaults(() => okeanosHeadroom(connect(), options)),
    marked: () =>
      inFaults(async () =>
        (await markedThings(connect(), options.mark)).map((thing) => ({
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
    if (error instanceof Late) throw new OperatorError("Okeanos does not get done; look at its console");
    throw error instanceof NodeError ? new OperatorError(error.message) : error;
  }
}
