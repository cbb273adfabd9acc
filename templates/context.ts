import { z } from "zod";
import { balanceSchema, codecSchema, sipDriverSchema } from "../core/telephony";

/**
 * The plain values that a node's files are rendered from. Everything is decided before it gets
 * here: templates loop and substitute, nothing more. A missing field is an error, since Handlebars
 * would print it as nothing.
 */

const address = z.ipv4();
const portRange = z.strictObject({ start: z.int().min(1024), end: z.int().max(65535) });

const user = z.strictObject({
  extension: z.string().regex(/^[0-9]+$/),
  /** Shown to the callee; null where the user has none. */
  name: z.string().nullable(),
  secret: z.string().min(1),
});
export type User = z.infer<typeof user>;

const trunkPeer = z.strictObject({
  /** The other zone's name, which is also the name of its peer section: `zone2`. */
  name: z.string(),
  /** The other zone's fixed address in the trunk network. */
  host: address,
  /** Shared by this pair of zones alone. */
  secret: z.string().min(1),
});
export type TrunkPeer = z.infer<typeof trunkPeer>;

/** Where a zone reports log-ins to. */
const logins = z.strictObject({
  /** The controller's address in the trunk network. */
  host: address,
  port: z.int().positive(),
});

export const zoneContextSchema = z.strictObject({
  /** `zone1`, `zone2`, … */
  name: z.string(),
  sipDriver: sipDriverSchema,
  codecs: z.array(codecSchema).min(1),
  /** Public address of the controller: where phones send every in-dialog request. */
  controllerAddress: address,
  /** Public address of this zone: where phones send media. */
  address,
  /** Address of this zone in the trunk network. */
  fixedIp: address,
  rtpPorts: portRange,
  /** Seconds that a phone rings before nobody has answered. */
  ringTimeout: z.int().positive(),
  /** Calls that an account may have placed at a time, and may begin in a minute (`pbx:limits`). */
  callsPerAccount: z.int().positive(),
  callsPerMinute: z.int().positive(),
  users: z.array(user),
  trunkPeers: z.array(trunkPeer),
  logins,
});
export type ZoneContext = z.infer<typeof zoneContextSchema>;

/** Bounds of `pbx:limits` that the controller enforces; times are in seconds. */
const admissionLimits = z.strictObject({
  connectionsPerSource: z.int().positive(),
  connectionsPerUnknownSource: z.int().positive(),
  connectionRate: z.int().positive(),
  bytesPerSecond: z.int().positive(),
  loginTime: z.int().positive(),
  failuresPerAccount: z.int().positive(),
  failuresPerSource: z.int().positive(),
  lockTime: z.int().positive(),
});

export const controllerContextSchema = z.strictObject({
  balance: balanceSchema,
  /** How long a zone may take to accept a connection, in seconds. */
  connectTimeout: z.int().positive(),
  /** How long a phone's connection may be silent, in seconds. */
  idleTimeout: z.int().positive(),
  /** Connections that a zone takes at the most. */
  phonesPerZone: z.int().positive(),
  limits: admissionLimits,
  /** Where zones report log-ins over TCP, and where HAProxy reports connections, by UDP on loopback. */
  reportPort: z.int().positive(),
  /** In the order of their numbers; HAProxy server names are the zones' names. */
  zones: z.array(z.strictObject({ name: z.string(), fixedIp: address })).min(1),
});
export type ControllerContext = z.infer<typeof controllerContextSchema>;
