/**
 * Contexts of the templates: plain values from which a node's files are rendered. All decisions are made before the
 * rendering: templates only loop over values, test values and insert values. A missing field is an error, because
 * Handlebars would print nothing for a missing field.
 *
 * @packageDocumentation
 */

import { z } from "zod";
import { balanceSchema, codecSchema, sipDriverSchema } from "../core/telephony";

const address = z.ipv4();
const portRange = z.strictObject({ start: z.int().min(1024), end: z.int().max(65535) });

const user = z.strictObject({
  extension: z.string().regex(/^[0-9]+$/),
  /** Name that the callee sees; null if the user has no name. */
  name: z.string().nullable(),
  secret: z.string().min(1),
});
export type User = z.infer<typeof user>;

const trunkPeer = z.strictObject({
  /** Name of the other zone and of its peer section: `zone2`. */
  name: z.string(),
  /** Fixed IP of the other zone in the trunk network. */
  host: address,
  /** Secret that only this pair of zones shares. */
  secret: z.string().min(1),
});
export type TrunkPeer = z.infer<typeof trunkPeer>;

/** Address and TCP port that a zone reports log-ins to. */
const logins = z.strictObject({
  /** Fixed IP of the controller in the trunk network. */
  host: address,
  port: z.int().positive(),
});

export const zoneContextSchema = z.strictObject({
  /** Name of the zone: `zone1`, `zone2`, … */
  name: z.string(),
  sipDriver: sipDriverSchema,
  codecs: z.array(codecSchema).min(1),
  /** Public address of the controller. Phones send every in-dialog request to this address. */
  controllerAddress: address,
  /** Public address of this zone. Phones send media to this address. */
  address,
  /** Fixed IP of this zone in the trunk network. */
  fixedIp: address,
  rtpPorts: portRange,
  /** Seconds that a phone rings before the call counts as unanswered. */
  ringTimeout: z.int().positive(),
  /** Maximum number of simultaneous calls that an account has placed in this zone (`pbx:limits`). */
  callsPerAccount: z.int().positive(),
  /** Number of calls that an account may start per minute in this zone (`pbx:limits`). */
  callsPerMinute: z.int().positive(),
  users: z.array(user),
  trunkPeers: z.array(trunkPeer),
  logins,
});
export type ZoneContext = z.infer<typeof zoneContextSchema>;

/** Limits of `pbx:limits` that the controller enforces. Times are in seconds. */
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
  /** Maximum seconds that HAProxy waits for a zone to accept a connection. */
  connectTimeout: z.int().positive(),
  /** Seconds without data after which HAProxy closes a phone's connection. */
  idleTimeout: z.int().positive(),
  /** Maximum number of connections to a zone. Each phone has its own connection. */
  phonesPerZone: z.int().positive(),
  limits: admissionLimits,
  /** Port to which zones report log-ins over TCP, and to which HAProxy reports connections over UDP on loopback. */
  reportPort: z.int().positive(),
  /** Zones in the order of their numbers. The name of a zone is also the name of its server in HAProxy. */
  zones: z.array(z.strictObject({ name: z.string(), fixedIp: address })).min(1),
});
export type ControllerContext = z.infer<typeof controllerContextSchema>;
