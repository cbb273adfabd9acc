import { z } from "zod";
import { template } from "./engine";

export const chronyContextSchema = z.strictObject({
  /** Address of the node whose clock this one follows; null if it is the one that others follow. */
  server: z.ipv4().nullable(),
  /** Network whose nodes may ask for the time; null if none may. */
  clients: z.cidrv4().nullable(),
});
export type ChronyContext = z.infer<typeof chronyContextSchema>;

/** Renders how a node keeps its clock (chrony.conf(5)). */
export const renderChronyConf = template("chrony.conf.hbs", chronyContextSchema);
