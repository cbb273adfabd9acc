import { z } from "zod";
import { template } from "./engine";

export const chronyContextSchema = z.strictObject({
  /** Address of the node that this node takes the time from; null if this node is the time server. */
  server: z.ipv4().nullable(),
  /** Network whose nodes may request the time; null if none may. */
  clients: z.cidrv4().nullable(),
});
export type ChronyContext = z.infer<typeof chronyContextSchema>;

/** Renders the configuration of a node's clock (chrony.conf(5)). */
export const renderChronyConf = template("chrony.conf.hbs", chronyContextSchema);
