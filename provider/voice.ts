import * as log from "@pulumi/pulumi/log";
import { DependencyResource } from "@pulumi/pulumi/resource";
import { resetOptions } from "@pulumi/pulumi/runtime/settings";
import type { Say } from "../nodes/ssh/session";

/** What the provider says to whoever runs Pulumi, beside the resource that it is about. */
export interface Voice {
  /** Progress: seen while it lasts. */
  readonly say: Say;
  /** Stays in what Pulumi prints. */
  readonly tell: Say;
  readonly warn: Say;
}

/** @param engineAddress of the Pulumi that started this provider. */
export function voices(engineAddress: string): (urn: string) => Voice {
  // A provider registers no resources, so the engine is all that its runtime has to know.
  resetOptions("", "", -1, engineAddress, "", false, "");
  return (urn) => {
    const about = new DependencyResource(urn);
    return {
      say: (line) => void log.info(line, about, 0, true),
      tell: (line) => void log.info(line, about),
      warn: (line) => void log.warn(line, about),
    };
  };
}
