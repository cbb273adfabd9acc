import type { EngineEvent } from "@pulumi/pulumi/automation";
import { say } from "../core/progress";

/** Pulumi's own name of a resource: `compute Instance zone1` for its URN. */
function resourceName(urn: string): string {
  const [, , type = "", name = ""] = urn.split("::");
  const [, module = "", className = ""] = (type.split("$").at(-1) ?? "").split(":");
  return [module.split("/")[0], className, name].join(" ");
}

/** Takes the events of an update as progress: what was done to each resource, and what Pulumi says. */
export function relayUpdate(event: EngineEvent): void {
  const { resOutputsEvent, resOpFailedEvent, diagnosticEvent } = event;
  const done = resOutputsEvent?.metadata ?? resOpFailedEvent?.metadata;
  if (done !== undefined && done.op !== "same") {
    const failed = resOpFailedEvent === undefined ? "" : " failed";
    say("pulumi", `${done.op}${failed}: ${resourceName(done.urn)}`);
  }
  if (diagnosticEvent !== undefined) {
    const { severity, urn = "", message } = diagnosticEvent;
    // Of what is not amiss, only this project's own resources have news: what a node is waiting for.
    const isOurs = /\bpbx:(?:index|okeanos):/.test(urn);
    const isAmiss = /error|warning/.test(severity);
    if (!isOurs && !isAmiss) {
      return;
    }
    const about = [...(isAmiss ? [severity] : []), ...(isOurs ? [resourceName(urn)] : [])];
    // Colours come as tags: <{%fg 1%}>.
    const text = message.replace(/<\{%.*?%\}>/g, "").trim();
    for (const line of text.split("\n")) {
      say("pulumi", [...about, line].join(": "));
    }
  }
}
