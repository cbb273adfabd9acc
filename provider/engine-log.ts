import * as log from "@pulumi/pulumi/log";
import { DependencyResource } from "@pulumi/pulumi/resource";
import { resetOptions } from "@pulumi/pulumi/runtime/settings";
import type { Logger } from "../core/logger";

/**
 * Returns a logger for each URN: its messages go to the Pulumi engine that started this provider.
 *
 * @param engineAddress of the engine.
 */
export function engineLoggers(engineAddress: string): (urn: string) => Logger {
  // A provider registers no resources, so the engine is all that its runtime has to know.
  resetOptions("", "", -1, engineAddress, "", false, "");
  return (urn) => {
    const about = new DependencyResource(urn);
    return {
      status: (line) => void log.info(line, about, 0, true),
      info: (line) => void log.info(line, about),
      warn: (line) => void log.warn(line, about),
    };
  };
}
