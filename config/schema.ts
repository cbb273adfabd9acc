/**
 * Schema of every key of the stack's configuration, without the `pbx:` prefix. A message says what is wrong and what to
 * write instead. A message never repeats a secret.
 *
 * @packageDocumentation
 */

import { z } from "zod";
import { parseNetwork, planAddresses } from "../core/addresses";
import { durationSchema } from "../core/duration";
import { OperatorError } from "../core/errors";
import { balanceSchema, codecSchema, sipDriverSchema } from "../core/telephony";
import {
  autoscaleFaults,
  autoscaleSchema,
  MAX_ZONES,
  TOO_MANY_ZONES_MESSAGE,
} from "./autoscale-schema";
import { limitsSchema } from "./limits";
import { isSshPublicKey } from "./ssh-public-key";
import { expandUsers, rangeSize } from "./users";

/** Maximum number of users. The limit catches typing errors (`2000-2999999`); an exchange could carry more. */
const MAX_USERS = 100_000;

/** Maximum number of bytes of a caller's name in Asterisk (`cid_name[80]` of chan_sip and res_pjsip). */
const MAX_NAME_BYTES = 79;

/** SIP drivers of the project's own images. The drivers of any other image are checked at deployment. */
const IMAGE_DRIVERS: ReadonlyMap<string, readonly string[]> = new Map([
  ["pbx-asterisk-16", ["chan_sip", "pjsip"]],
  ["pbx-asterisk-22", ["pjsip"]],
]);

const CLOUDS = ["openstack", "okeanos"] as const;

/** Prefix length of the largest network that Okeanos creates. */
const OKEANOS_MIN_PREFIX = 22;

const oneOf = (values: readonly string[]): string =>
  `is unknown; write one of: ${values.join(", ")}`;

const missing = "is missing; set it with: pulumi config set";

const boolean = z.boolean({ error: "is neither true nor false; write true or false" });

const cloudName = (what: string) =>
  z.string({ error: `is not text; write the name of ${what}` }).regex(/^[\x20-\x7e]{1,255}$/, {
    error: `is not a name of 1 to 255 printable characters; write the name of ${what}`,
  });

const extension = z
  // YAML reads an extension without quotes, such as 1001, as a number.
  .union([z.string(), z.int().transform(String)], {
    error: 'is not an extension; write 2 to 15 digits, for example "1001"',
  })
  .pipe(
    z.string().regex(/^[0-9]{2,15}$/, {
      error: 'is not an extension; write 2 to 15 digits, for example "1001"',
    }),
  );

const user = z.strictObject(
  {
    extension,
    name: z
      .string({ error: "is not text; write the name that callees see" })
      // Excludes line breaks and the characters that Asterisk's files or SQL may treat specially.
      .regex(/^[^\p{Cc}\p{Zl}\p{Zp}"'`;<>\\]{1,64}$/u, {
        error:
          "is empty, longer than 64 characters, or holds a line break, quote, semicolon, angle bracket or backslash; leave those out",
        abort: true,
      })
      .refine((name) => Buffer.byteLength(name) <= MAX_NAME_BYTES, {
        error: ({ input }) =>
          `has ${String(Buffer.byteLength(input as string))} bytes in UTF-8, and Asterisk keeps ${String(MAX_NAME_BYTES)}; shorten it`,
      })
      .optional(),
    secret: z
      .string({ error: "is not text; leave it out to use a derived secret" })
      .regex(/^[A-Za-z0-9._~!@%^*+-]{12,64}$/, {
        error:
          "is not made of 12 to 64 letters, digits and . _ ~ ! @ % ^ * + - (no quote, semicolon, space or line break); leave it out to use a strong derived secret",
      })
      .optional(),
  },
  { error: unknownFields("extension, name, secret, or only range") },
);

const range = z.strictObject(
  {
    range: z
      .string({ error: 'is not text; write two extensions, for example "2000-2999"' })
      .regex(/^([0-9]{2,15})-([0-9]{2,15})$/, {
        error: 'is not a range; write two extensions, for example "2000-2999"',
        abort: true,
      })
      .superRefine((value, context) => {
        const [first = "", last = ""] = value.split("-");
        if (first.length !== last.length || first > last) {
          context.addIssue({
            code: "custom",
            message:
              "does not go up between two extensions of the same length; write one such as 2000-2999",
          });
        } else if (rangeSize(value) > MAX_USERS) {
          context.addIssue({
            code: "custom",
            message: `has ${String(rangeSize(value))} extensions; the maximum is ${String(MAX_USERS)}`,
          });
        }
      }),
  },
  { error: unknownFields("only range") },
);

/** Returns zod's `error` option: the message for unknown fields or for a value of the wrong type. */
function unknownFields(fields: string) {
  return (issue: { code?: string; keys?: unknown }): string =>
    issue.code === "unrecognized_keys"
      ? `has unknown fields (${(issue.keys as string[]).join(", ")}); it takes ${fields}`
      : `is not a user; write { extension: "1001" } or { range: "2000-2999" }`;
}

const users = z
  .array(z.unknown(), {
    error: 'is not a list; write a list such as [{ extension: "1001" }, { range: "2000-2999" }]',
  })
  .min(1, { error: 'is empty; write at least one user, such as [{ extension: "1001" }]' })
  .transform((entries, context) => {
    const valid = entries.flatMap((entry, index) => {
      // A union of both schemas would report the faults of both.
      const isRange = typeof entry === "object" && entry !== null && "range" in entry;
      const result = (isRange ? range : user).safeParse(entry);
      for (const { path, message } of result.error?.issues ?? []) {
        context.addIssue({ code: "custom", path: [index, ...path], message });
      }
      return result.success ? [{ index, entry: result.data }] : [];
    });

    // Checks the valid entries even if other entries are faulty, so that one error message reports both kinds of fault.
    const entryOf = new Map<string, number>();
    for (const { index, entry } of valid) {
      for (const { extension: number } of expandUsers([entry])) {
        const first = entryOf.get(number);
        if (first !== undefined) {
          context.addIssue({
            code: "custom",
            path: [index],
            message: `repeats extension ${number} of pbx:users[${String(first)}]; remove one of them`,
          });
          break;
        }
        entryOf.set(number, index);
      }
    }
    if (entryOf.size > MAX_USERS) {
      context.addIssue({
        code: "custom",
        message: `has ${String(entryOf.size)} extensions; the maximum is ${String(MAX_USERS)}`,
      });
    }
    return valid.map(({ entry }) => entry);
  });

const operatorCidr = z
  .string({ error: "is not text; write a network such as 203.0.113.0/24" })
  .transform((cidr, context) => {
    try {
      return parseNetwork(cidr, "203.0.113.0/24, or 203.0.113.7/32 for one address").normalised;
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });

export const settingsSchema = z.strictObject({
  zones: z
    .int({
      error: "is not a whole number; write the number of Asterisk servers, such as 2",
    })
    .min(1, { error: "is less than 1; an exchange has at least one zone" })
    .max(MAX_ZONES, { error: TOO_MANY_ZONES_MESSAGE })
    .default(1)
    .meta({
      description: "Number of Asterisk servers: zone1 is the PBX node, the others extend it.",
    }),
  autoscale: autoscaleSchema.optional().meta({
    description: "How the autoscaler adds and removes zones: { max, callsPerZone, … }.",
  }),
  users: users.meta({
    description:
      'The users: a list of { extension, name?, secret? } and of { range: "2000-2999" }.',
  }),
  balance: z
    .enum(balanceSchema.options, { error: oneOf(balanceSchema.options) })
    .default("leastconn")
    .meta({ description: "How HAProxy spreads phones: roundrobin, leastconn or source." }),
  sipDriver: z
    .enum(sipDriverSchema.options, { error: oneOf(sipDriverSchema.options) })
    .default("pjsip")
    .meta({ description: "Asterisk's SIP driver: pjsip, or chan_sip (Asterisk 16 only)." }),
  codecs: z
    .array(z.enum(codecSchema.options, { error: oneOf(codecSchema.options) }), {
      error: `is not a list; write a list of: ${codecSchema.options.join(", ")}`,
    })
    .min(1, { error: "is empty; write at least one codec, such as ulaw" })
    .refine((codecs) => new Set(codecs).size === codecs.length, {
      error: "names a codec twice; name each once, the preferred one first",
    })
    .default(["ulaw", "alaw"])
    .meta({ description: "Audio codecs, the preferred one first: ulaw, alaw, g722, gsm." }),
  cloud: z
    .enum(CLOUDS, { error: oneOf(CLOUDS) })
    .default("openstack")
    .meta({
      description: "Kind of cloud: openstack, or okeanos (Synnefo; see docs/okeanos.md).",
    }),
  image: cloudName("an image with Asterisk")
    .default("pbx-asterisk-22")
    .meta({ description: "Image of the zones." }),
  controllerImage: cloudName("an image with HAProxy")
    .default("pbx-controller")
    .meta({ description: "Image of the controller." }),
  flavor: cloudName("a flavor of your cloud").meta({ description: "Flavor of the zones." }),
  controllerFlavor: cloudName("a flavor of your cloud")
    .optional()
    .meta({ description: "Flavor of the controller; if not set, the flavor of the zones." }),
  externalNetwork: cloudName("your cloud's external network").default("public").meta({
    description:
      "External network of the public addresses; on Okeanos, `public` means any network with public addresses.",
  }),
  okeanosProject: cloudName("a project of Okeanos that you are a member of").optional().meta({
    description: "Okeanos project whose quota is used, by name or ID; if not set, your own.",
  }),
  okeanosReuseAddresses: boolean.default(false).meta({
    description: "Whether to use and keep unused public addresses of the Okeanos project.",
  }),
  trunkCidr: z
    .string({ error: "is not text; write a network such as 192.168.0.0/24" })
    .superRefine((cidr, context) => {
      try {
        planAddresses(cidr);
      } catch (error) {
        context.addIssue({ code: "custom", message: (error as Error).message });
      }
    })
    .default("192.168.0.0/24")
    .meta({ description: "Private network between controller and zones, /16 to /28." }),
  operatorCidrs: z
    .array(operatorCidr, { error: "is not a list; write a list such as [203.0.113.0/24]" })
    .refine((cidrs) => new Set(cidrs).size === cidrs.length, {
      error: "names a network twice; name each once",
    })
    .prefault([])
    .meta({ description: "Networks that may use SSH; run pulumi on a machine in one of them." }),
  drainTimeout: durationSchema({ min: 0, max: 7 * 24 * 3600, example: "1h" })
    .prefault("1h")
    .meta({
      description: "How long the calls of a draining zone may continue.",
    }),
  drainForce: boolean.default(false).meta({
    description: "Whether to end calls after pbx:drainTimeout; otherwise, the zone stays.",
  }),
  ringTimeout: durationSchema({ min: 5, max: 300, example: "60s" })
    .prefault("60s")
    .meta({ description: "How long a phone rings before the call counts as unanswered." }),
  idleTimeout: durationSchema({ min: 120, max: 24 * 3600, example: "1h" })
    // A phone may be silent between two registrations, which are at most a minute apart. The minimum is longer.
    .prefault("1h")
    .meta({ description: "How long a phone may be silent before HAProxy closes its connection." }),
  connectTimeout: durationSchema({ min: 1, max: 60, example: "5s" })
    .prefault("5s")
    .meta({ description: "How long HAProxy waits for a zone to accept a connection." }),
  limits: limitsSchema
    .optional()
    .transform((limits) => limits ?? limitsSchema.parse({}))
    .meta({
      description: "Limits of one source address or account: { connectionsPerSource, … }.",
    }),
  sshPublicKey: z
    .string({ error: "is not text; write the line of your id_ed25519.pub" })
    .refine(isSshPublicKey, {
      error:
        "is not an OpenSSH public key; write the one line of a .pub file, such as id_ed25519.pub",
    })
    .meta({ description: "Public key of the operator, for SSH to the nodes." }),
  masterSecret: z
    .string({ error: "is not text; set it with: pulumi config set --secret pbx:masterSecret" })
    .min(32, {
      error:
        "is shorter than 32 characters; set it with: openssl rand -base64 32 | pulumi config set --secret pbx:masterSecret",
    })
    .meta({
      description: "Secret that every password is derived from; set it with --secret.",
      secret: true,
    }),
});

export type Settings = z.output<typeof settingsSchema>;

/** Error with all faults of a configuration. The message has a line for each fault. */
export class ConfigError extends OperatorError {
  override readonly name = "ConfigError";

  constructor(readonly faults: readonly string[]) {
    super(
      `${faults.length === 1 ? "One fault" : `${String(faults.length)} faults`} in the stack's configuration; nothing was changed:\n` +
        faults.map((fault) => `  ${fault}`).join("\n"),
    );
  }
}

/**
 * Returns the faults of combinations of keys. Zod would check combinations only if every single key is valid, so one
 * error message would not list all faults.
 */
function faultsBetweenKeys(raw: Readonly<Record<string, unknown>>): string[] {
  const { shape } = settingsSchema;
  const zones = shape.zones.safeParse(raw.zones).data;
  const trunkCidr = shape.trunkCidr.safeParse(raw.trunkCidr).data;
  const image = shape.image.safeParse(raw.image).data;
  const sipDriver = shape.sipDriver.safeParse(raw.sipDriver).data;
  const cloud = shape.cloud.safeParse(raw.cloud).data;
  const autoscale = shape.autoscale.safeParse(raw.autoscale).data;
  const faults: string[] = [];
  const capacity = trunkCidr === undefined ? undefined : planAddresses(trunkCidr).capacity;
  if (zones !== undefined && capacity !== undefined && zones > capacity) {
    faults.push(
      `pbx:zones is ${String(zones)}, but pbx:trunkCidr ${String(trunkCidr)} has addresses for ${String(capacity)} zones; lower pbx:zones or widen pbx:trunkCidr`,
    );
  }
  if (cloud === "okeanos" && trunkCidr !== undefined) {
    const prefix = Number(trunkCidr.split("/")[1]);
    if (prefix < OKEANOS_MIN_PREFIX) {
      faults.push(
        `pbx:trunkCidr is ${trunkCidr}, larger than any network of Okeanos; write a network of /${String(OKEANOS_MIN_PREFIX)} to /28, such as 192.168.0.0/24`,
      );
    }
  }
  if (cloud === "openstack") {
    for (const key of ["okeanosProject", "okeanosReuseAddresses"] as const) {
      if (raw[key] !== undefined && raw[key] !== false) {
        faults.push(
          `pbx:${key} is set, but pbx:cloud is openstack; remove it, or set pbx:cloud to okeanos`,
        );
      }
    }
  }
  if (autoscale !== undefined) {
    const flavor = shape.flavor.safeParse(raw.flavor).data;
    const controllerFlavor = shape.controllerFlavor.safeParse(raw.controllerFlavor).data;
    faults.push(...autoscaleFaults(autoscale, { flavor, controllerFlavor, trunkCidr, capacity }));
  }
  const drivers = image === undefined ? undefined : IMAGE_DRIVERS.get(image);
  if (image !== undefined && sipDriver !== undefined && drivers?.includes(sipDriver) === false) {
    faults.push(
      `pbx:sipDriver is ${sipDriver}, which pbx:image ${image} does not support; set pbx:sipDriver to ${drivers.join(" or ")}, or pbx:image to pbx-asterisk-16`,
    );
  }
  return faults;
}

/** Returns a fault for every secret that the stack's configuration holds in plain text. */
function plainSecrets(
  raw: Readonly<Record<string, unknown>>,
  isEncrypted: (key: string) => boolean,
): string[] {
  const fault = (key: string, command: string): string =>
    `pbx:${key} holds a secret in plain text; encrypt it with: pulumi config set --secret ${command}`;
  const faults: string[] = [];
  if (raw.masterSecret !== undefined && !isEncrypted("masterSecret")) {
    faults.push(fault("masterSecret", "pbx:masterSecret"));
  }
  if (Array.isArray(raw.users) && !isEncrypted("users")) {
    for (const [index, entry] of (raw.users as unknown[]).entries()) {
      if (typeof entry === "object" && entry !== null && "secret" in entry) {
        const key = `users[${String(index)}].secret`;
        faults.push(fault(key, `--path 'pbx:${key}'`));
      }
    }
  }
  return faults;
}

/** Returns the key of a path: `pbx:users[3].extension` for `["users", 3, "extension"]`. */
function keyOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (key, part, depth) =>
      typeof part === "number"
        ? `${key}[${String(part)}]`
        : `${key}${depth === 0 ? "" : "."}${String(part)}`,
    "pbx:",
  );
}

/**
 * Validates a stack's configuration.
 *
 * @param raw the configuration as plain values. The keys have no `pbx:` prefix.
 * @param isEncrypted returns whether the stack stores the value of a key encrypted.
 * @throws ConfigError that lists every faulty key, what is wrong with its value, and what to write.
 */
export function parseSettings(
  raw: Readonly<Record<string, unknown>>,
  isEncrypted: (key: string) => boolean,
): Settings {
  const result = settingsSchema.safeParse(raw);
  const further = [...faultsBetweenKeys(raw), ...plainSecrets(raw, isEncrypted)];
  if (result.success && further.length === 0) {
    return result.data;
  }
  const known = Object.keys(settingsSchema.shape);
  const faults = (result.error?.issues ?? []).flatMap((issue) => {
    if (issue.code === "unrecognized_keys" && issue.path.length === 0) {
      return issue.keys.map(
        (key) => `pbx:${key} is unknown; remove it, or write one of: ${known.join(", ")}`,
      );
    }
    const [key, ...rest] = issue.path;
    const isMissing = rest.length === 0 && typeof key === "string" && raw[key] === undefined;
    return isMissing
      ? [`pbx:${key} ${missing} ${key === "masterSecret" ? "--secret " : ""}pbx:${key}`]
      : [`${keyOf(issue.path)} ${issue.message}`];
  });
  throw new ConfigError([...faults, ...further]);
}
