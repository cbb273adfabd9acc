import { z } from "zod";
import { template } from "./engine";

/** An address, a network, or two addresses with a dash. */
const addresses = z.string().regex(/^[0-9.]+(?:[/-][0-9.]+)?$/);

export const nftablesContextSchema = z.strictObject({
  /** All that is let in. */
  rules: z.array(
    z.strictObject({
      name: z.string(),
      protocol: z.enum(["tcp", "udp"]),
      /** One, or two with a dash. */
      ports: z.string().regex(/^[0-9]+(?:-[0-9]+)?$/),
      /** Senders; null for all. */
      from: addresses.nullable(),
      /** The node's own addresses that it counts for; null for all. */
      to: addresses.nullable(),
    }),
  ),
});
export type NftablesContext = z.infer<typeof nftablesContextSchema>;

/** The node's own packet filter (nft(8)), for clouds that do not filter themselves. */
export const renderNftablesConf = template("nftables.conf.hbs", nftablesContextSchema);
