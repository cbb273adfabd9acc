import { z } from "zod";
import { template } from "./engine";

/** An address, a network, or two addresses with a dash. */
const addresses = z.string().regex(/^[0-9.]+(?:[/-][0-9.]+)?$/);

/** A port, or two with a dash. */
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
  /** Whether the node's own address is the one in the trunk network. */
  internal: z.boolean(),
  /** Whether only packets that open no TCP connection count. */
  answers: z.boolean(),
  /** User who may not send them; null for none. */
  notBy: z
    .string()
    .regex(/^[a-z]+$/)
    .nullable(),
});

export const nftablesContextSchema = z.strictObject({
  /** The trunk network. */
  cidr: addresses,
  /** What the node may receive. */
  input: z.array(trafficSchema),
  /** What the node may send. */
  output: z.array(trafficSchema),
});
export type NftablesContext = z.infer<typeof nftablesContextSchema>;

/** Renders the node's own packet filter (nft(8)). */
export const renderNftablesConf = template("nftables.conf.hbs", nftablesContextSchema);
