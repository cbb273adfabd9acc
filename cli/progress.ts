import type { EngineEvent } from "@pulumi/pulumi/automation";
import { NodeError } from "../nodes/ssh/session";
import { Fault } from "../core/command";

const start = process.hrtime.bigint();

/** Seconds since this program started. */
export function elapsed(): number {
  return Number(process.hrtime.bigint() - start) / 1e9;
}

/** A line of progress: `[  12s] images    uploaded pbx-controller`. */
export function say(what: string, line: string): void {
  const seconds = elapsed().toFixed(0).padStart(4);
  console.log(`[${seconds}s] ${what.padEnd(7)} ${line}`);
}

/** Takes the lines of a script as progress of `what`, without the script's own name and clock. */
export function relay(what: string): (line: string) => void {
  return (line) => {
    if (line.trim() !== "") {
      say(what, line.trimEnd().replace(/^(\[ *\d+s\]|\w+:) /, ""));
    }
  };
}

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

/** Runs a program to its end. A fault is one line and an exit code; anything else is a bug. */
export function main(program: () => Promise<void>, { faultCode = 1 } = {}): void {
  // The reader has closed the pipe, as `head` does after its last line.
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    process.exit(code === "EPIPE" ? 0 : faultCode);
  });
  program().catch((error: unknown) => {
    if (error instanceof Fault || error instanceof NodeError) {
      console.error(`trunkline: ${error.message}`);
    } else {
      console.error("trunkline: this is a bug, please report it:", error);
    }
    process.exitCode = faultCode;
  });
}
