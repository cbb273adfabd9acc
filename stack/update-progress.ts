import type { EngineEvent } from "@pulumi/pulumi/automation";
import { say } from "../core/progress";

/** Returns a short name for the URN of a resource, for example `compute Instance zone1`. */
function resourceName(urn: string): string {
  const [, , type = "", name = ""] = urn.split("::");
  const [, module = "", className = ""] = (type.split("$").at(-1) ?? "").split(":");
  return [module.split("/")[0], className, name].join(" ");
}

/** Prints an event of an update as progress: the result for a resource that changes, or a message of Pulumi. */
export function relayUpdate(event: EngineEvent): void {
  const { resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
  const done = resOutputsEvent?.metadata ?? resOpFailedEvent?.metadata;
  if (done !== undefined && done.op !== "same") {
    const failed = resOpFailedEvent === undefined ? "" : " failed";
    say("pulumi", `${done.op}${failed}: ${resourceName(done.urn)}`);
  }
  if (diagnosticEvent !== undefined) {
    const { severity, urn = "", message } = diagnosticEvent;
    // Messages that are not errors or warnings are useful only if they are about this project's own resources. They
    // say, for example, what a node is waiting for.
    const isOurs = /\bpbx:(?:index|okeanos):/.test(urn);
    const isProblem = /error|warning/.test(severity);
    if (!isOurs && !isProblem) {
      return;
    }
    const about = [...(isProblem ? [severity] : []), ...(isOurs ? [resourceName(urn)] : [])];
    // Pulumi marks colours with tags such as <{%fg 1%}>.
    const text = message.replace(/<\{%.*?%\}>/g, "").trim();
    for (const line of text.split("\n")) {
      say("pulumi", [...about, line].join(": "));
    }
  }
}
