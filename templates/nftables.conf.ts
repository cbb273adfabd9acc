import { z } from "zod";
import { template } from "./engine";

/** Address, network, or range of addresses with a dash. */
const addresses = z.string().regex(/^[0-9.]+(?:[/-][0-9.]+)?$/);

/** Port, or range of ports with a dash. */
const ports = z.string().regex(/^[0-9]+(?:-[0-9]+)?$/);

const trafficSchema = z.strictObject({
  name: z.string(),
  protocol: z.enum(["tcp", "udp"]),
  /** Ports of the node itself; null for all. */
  own: ports.nullable(),
  /** Ports of the other hosts; null for all. */
  others: ports.nullable(),
  /** Addresses of the other hosts; null for all. */
  peers: addresses.nullable(),
  /** Whether packets that the node receives must be addressed to the trunk network. */
  internal: z.boolean(),
  /** Whether the rule matches only packets that do not open a TCP connection. */
  answers: z.boolean(),
  /** Unix user whose processes may not send the packets; null for none. */
  notBy: z
    .string()
    .regex(/^[a-z]+$/)
    .nullable(),
});

export const nftablesContextSchema = z.strictObject({
  /** Trunk network, for example `192.168.0.0/24`. */
  cidr: addresses,
  input: z.array(trafficSchema),
  output: z.array(trafficSchema),
});
export type NftablesContext = z.infer<typeof nftablesContextSchema>;

/** Renders the rules of the node's packet filter (nft(8)). */
export const renderNftablesConf = template("nftables.conf.hbs", nftablesContextSchema);
