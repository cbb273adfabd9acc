import type { z } from "zod";
import { zoneContextSchema } from "./context";
import { parseContext } from "./engine";

const zone = zoneContextSchema.pick({ name: true, sipDriver: true, logins: true }).strip();

/** Renders the configuration of `/usr/lib/trunkline/report-logins`. The format is documented in that file. */
export function renderReportLogins(context: z.input<typeof zone>): string {
  const { name, sipDriver, logins } = parseContext("report-logins", zone, context);
  return `${JSON.stringify({ zone: name, sipDriver, controller: logins })}\n`;
}
