import * as log from "@pulumi/pulumi/log";
import { DependencyResource } from "@pulumi/pulumi/resource";
import { resetOptions } from "@pulumi/pulumi/runtime/settings";
import type { Logger } from "../core/logger";

/**
 * Returns a function that makes the logger for a URN. Messages go to the Pulumi engine that started this provider.
 *
 * @param engineAddress gRPC address of the engine: `host:port`.
 */
export function engineLoggers(engineAddress: string): (urn: string) => Logger {
  // A provider registers no resources, so Pulumi's runtime needs only the address of the engine.
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
