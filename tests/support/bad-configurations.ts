/**
 * A configuration that must be rejected: `MINIMAL` with `change`, in which undefined removes a key. There must be
 * exactly one fault, which names the key and the remedy.
 */
export interface BadConfiguration {
  readonly title: string;
  readonly change: Readonly<Record<string, unknown>>;
  /** Path of the key in the configuration, such as `pbx:users[0].extension`. */
  readonly key: string;
  readonly remedy: string;
  /** A value that the fault must not contain. */
  readonly secret?: string;
}

const bad = (
  title: string,
  change: Readonly<Record<string, unknown>>,
  key: string,
  remedy: string,
  secret?: string,
): BadConfiguration => ({
  title,
  change,
  key: `pbx:${key}`,
  remedy,
  ...(secret === undefined ? {} : { secret }),
});

const user = (fields: Readonly<Record<string, unknown>>) => ({ users: [fields] });

const autoscale = (fields: Readonly<Record<string, unknown>>) => ({
  autoscale: { max: 4, callsPerZone: 80, ...fields },
});

const NOON = { cron: "0 12 * * 1-5", timeZone: "Europe/Athens", for: "2h", min: 3 };

/** Invalid configurations that are also tested with the real `pulumi` command. */
export const BAD_CONFIGURATIONS: readonly BadConfiguration[] = [
  bad("zero zones", { zones: 0 }, "zones", "at least one"),
  bad("zones as a word", { zones: "two" }, "zones", "such as 2"),
  bad(
    "more zones than the network has addresses for",
    { zones: 9, trunkCidr: "10.0.0.0/28" },
    "zones",
    "lower pbx:zones or widen pbx:trunkCidr",
  ),
  bad(
    "more autoscaled zones than the network has addresses for",
    { ...autoscale({ max: 9 }), trunkCidr: "10.0.0.0/28" },
    "autoscale.max",
    "lower max or widen pbx:trunkCidr",
  ),
  bad(
    "a cost limit below the cost of the minimum number of zones",
    autoscale({ min: 3, maxHourlyCost: 0.3, prices: { "m1.small": 0.1 } }),
    "autoscale.maxHourlyCost",
    "(min) costs 0.4 an hour; raise maxHourlyCost or lower min",
  ),
  bad("missing users", { users: undefined }, "users", "pulumi config set pbx:users"),
  bad("users not in a list", { users: "1001" }, "users", "write a list"),
  bad(
    "an extension that injects a section",
    user({ extension: "1001]\n[admin" }),
    "users[0].extension",
    "2 to 15",
  ),
  bad(
    "a field that users do not have",
    user({ extension: "1001", password: "a-password-in-the-wrong-field" }),
    "users[0]",
    "it takes extension, name, secret",
    "a-password-in-the-wrong-field",
  ),
  bad(
    "a name with a line break",
    user({ extension: "1001", name: "Alice\nsecret=guessed" }),
    "users[0].name",
    "leave those out",
  ),
  bad(
    "a name with a semicolon",
    user({ extension: "1001", name: "Alice; the first" }),
    "users[0].name",
    "leave those out",
  ),
  bad(
    "a secret with a line break",
    user({ extension: "1001", secret: "long-enough\ncontext=refuse" }),
    "users[0].secret",
    "leave it out",
    "long-enough",
  ),
  bad(
    "a secret that is easy to guess",
    user({ extension: "1001", secret: "swordfish" }),
    "users[0].secret",
    "leave it out",
    "swordfish",
  ),
  bad(
    "a duplicate extension",
    { users: [{ extension: "1001" }, { extension: "1001" }] },
    "users[1]",
    "remove one of them",
  ),
  bad(
    "an extension that is also in a range",
    { users: [{ range: "1000-1999" }, { extension: "1001" }] },
    "users[1]",
    "remove one of them",
  ),
  bad(
    "a range of millions",
    user({ range: "2000000-4999999" }),
    "users[0].range",
    "the maximum is 100000",
  ),
  bad("an unknown algorithm", { balance: "random" }, "balance", "roundrobin, leastconn, source"),
  bad("an unknown driver", { sipDriver: "sip" }, "sipDriver", "chan_sip, pjsip"),
  bad(
    "a driver that the image does not have",
    { sipDriver: "chan_sip", image: "pbx-asterisk-22" },
    "sipDriver",
    "pbx:image to pbx-asterisk-16",
  ),
  bad("an unknown codec", { codecs: ["ulaw", "opus"] }, "codecs[1]", "ulaw, alaw, g722, gsm"),
  bad("a duplicate codec", { codecs: ["ulaw", "ulaw"] }, "codecs", "name each once"),
  bad("an image name with two lines", { image: "pbx\nimage" }, "image", "write the name"),
  bad("a missing flavor", { flavor: undefined }, "flavor", "pulumi config set pbx:flavor"),
  bad("a network without a prefix", { trunkCidr: "192.168.0.0" }, "trunkCidr", "192.168.0.0/24"),
  bad("a network that is too small", { trunkCidr: "192.168.0.0/29" }, "trunkCidr", "such as /24"),
  bad("a public trunk network", { trunkCidr: "198.51.100.0/24" }, "trunkCidr", "192.168.0.0/16"),
  bad(
    "a duplicate operator network",
    { operatorCidrs: ["203.0.113.0/24", "203.0.113.0/24"] },
    "operatorCidrs",
    "name each once",
  ),
  bad("a time in days", { drainTimeout: "2 days" }, "drainTimeout", 'such as "1h"'),
  bad(
    "a drain timeout that is too long",
    { drainTimeout: "1000h" },
    "drainTimeout",
    "between 0s and 168h",
  ),
  bad(
    "an idle timeout that is too short",
    { idleTimeout: 50 },
    "idleTimeout",
    "between 2m and 24h",
  ),
  bad("a ring timeout that is too long", { ringTimeout: "1h" }, "ringTimeout", "between 5s and 5m"),
  bad("a connect timeout of zero", { connectTimeout: 0 }, "connectTimeout", "between 1s and 1m"),
  bad(
    "a missing SSH key",
    { sshPublicKey: undefined },
    "sshPublicKey",
    "pulumi config set pbx:sshPublicKey",
  ),
  bad(
    "a truncated SSH key",
    { sshPublicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRoaXMtaXMt operator" },
    "sshPublicKey",
    "id_ed25519.pub",
  ),
  bad(
    "a missing master secret",
    { masterSecret: undefined },
    "masterSecret",
    "pulumi config set --secret pbx:masterSecret",
  ),
  bad(
    "a short master secret",
    { masterSecret: "correct horse" },
    "masterSecret",
    "openssl rand",
    "correct horse",
  ),
  bad("an unknown key", { zone: 2 }, "zone", "write one of: zones"),
];

/** Invalid configurations that are tested only without the `pulumi` command. */
export const FURTHER_BAD_CONFIGURATIONS: readonly BadConfiguration[] = [
  bad("a negative number of zones", { zones: -1 }, "zones", "at least one"),
  bad("a fractional number of zones", { zones: 1.5 }, "zones", "such as 2"),
  bad("more zones than a full mesh carries", { zones: 251 }, "zones", "write a smaller number"),
  bad("autoscaling as a word", { autoscale: "yes" }, "autoscale", "{ max: 4, callsPerZone: 80 }"),
  bad("autoscaling without a maximum", autoscale({ max: undefined }), "autoscale.max", "such as 4"),
  bad("a fractional maximum", autoscale({ max: 2.5 }), "autoscale.max", "such as 4"),
  bad(
    "more autoscaled zones than a full mesh carries",
    autoscale({ max: 251 }),
    "autoscale.max",
    "write a smaller number",
  ),
  bad(
    "more calls than a zone has ports for",
    autoscale({ callsPerZone: 501 }),
    "autoscale.callsPerZone",
    "is 501, but the RTP ports of a zone carry 500 calls; lower callsPerZone",
  ),
  bad("zero callsPerZone", autoscale({ callsPerZone: 0 }), "autoscale.callsPerZone", "as 80"),
  bad(
    "an unknown field of autoscale",
    autoscale({ maximum: 4 }),
    "autoscale",
    "it takes min, max, callsPer",
  ),
  bad(
    "a minimum above the maximum",
    autoscale({ min: 5 }),
    "autoscale.min",
    "lower min or raise max",
  ),
  bad("processor usage in percent", autoscale({ cpu: 80 }), "autoscale.cpu", "a share such as 0.8"),
  bad("a margin of zero", autoscale({ margin: 0 }), "autoscale.margin", "a share such as 0.3"),
  bad("a window as a word", autoscale({ window: "long" }), "autoscale.window", 'such as "1m"'),
  bad(
    "a scaleInAfter shorter than the window",
    autoscale({ window: "15m" }),
    "autoscale.scaleInAfter",
    "raise scaleInAfter or lower window",
  ),
  bad(
    "a scale-out cooldown shorter than the window",
    autoscale({ cpu: 0.8, cooldownOut: 0 }),
    "autoscale.cooldownOut",
    "raise cooldownOut or lower window",
  ),
  bad("limits as a word", { limits: "high" }, "limits", "{ connectionsPerSource: 600 }"),
  bad("a limit of zero", { limits: { callsPerMinute: 0 } }, "limits.callsPerMinute", "as 30"),
  bad(
    "a limit that is too low for any phone",
    { limits: { bytesPerSecond: 1 } },
    "limits.bytesPerSecond",
    "as 200000",
  ),
  bad(
    "an unknown limit",
    { limits: { callsPerHour: 9 } },
    "limits",
    "it takes connectionsPerSource",
  ),
  bad(
    "schedules that are not a list",
    autoscale({ schedules: NOON }),
    "autoscale.schedules",
    "write one such",
  ),
  bad(
    "a time of day instead of a cron expression",
    autoscale({ schedules: [{ ...NOON, cron: "12:00" }] }),
    "autoscale.schedules[0].cron",
    'five fields such as "0 12 * * 1-5"',
  ),
  bad(
    "a cron date that does not exist",
    autoscale({ schedules: [{ ...NOON, cron: "0 12 30 2 *" }] }),
    "autoscale.schedules[0].cron",
    'five fields such as "0 12 * * 1-5"',
  ),
  bad(
    "a time zone that does not exist",
    autoscale({ schedules: [NOON, { ...NOON, timeZone: "Athens" }] }),
    "autoscale.schedules[1].timeZone",
    '"Europe/Athens"',
  ),
  bad(
    "a schedule whose min is above the maximum",
    autoscale({ schedules: [{ ...NOON, min: 5 }] }),
    "autoscale.schedules[0].min",
    "lower this min or raise max",
  ),
  bad(
    "a cost limit without a price",
    autoscale({ maxHourlyCost: 1, prices: { "m1.tiny": 0.1 } }),
    "autoscale.prices",
    "no price of flavor m1.small",
  ),
  bad(
    "a cost limit without the controller's price",
    {
      ...autoscale({ maxHourlyCost: 1, prices: { "m1.small": 0.1 } }),
      controllerFlavor: "m1.tiny",
    },
    "autoscale.prices",
    "no price of flavor m1.tiny",
  ),
  bad(
    "a negative price",
    autoscale({ prices: { "m1.small": -1 } }),
    "autoscale.prices.m1.small",
    "write a price of one hour",
  ),
  bad("an empty list of users", { users: [] }, "users", "write at least one"),
  bad("a user that is a number", { users: [1001] }, "users[0]", 'write { extension: "1001" }'),
  bad("a user without an extension", user({ name: "Alice" }), "users[0].extension", "write 2 to"),
  bad("an extension with letters", user({ extension: "alice" }), "users[0].extension", "2 to 15"),
  bad("an extension of one digit", user({ extension: "7" }), "users[0].extension", "2 to 15"),
  bad(
    "a name with a quote",
    user({ extension: "1001", name: 'Alice" <911>' }),
    "users[0].name",
    "leave those out",
  ),
  bad(
    "a name that Asterisk would truncate inside a character",
    user({ extension: "1001", name: "Ω".repeat(40) }),
    "users[0].name",
    "has 80 bytes in UTF-8, and Asterisk keeps 79; shorten it",
  ),
  bad(
    "a secret with a semicolon",
    user({ extension: "1001", secret: "long-enough;comment" }),
    "users[0].secret",
    "leave it out",
    "long-enough",
  ),
  bad(
    "a range that goes down",
    user({ range: "2999-2000" }),
    "users[0].range",
    "such as 2000-2999",
  ),
  bad(
    "a range with bounds of different lengths",
    user({ range: "99-1001" }),
    "users[0].range",
    "such as 2000-2999",
  ),
  bad("a range without an end", user({ range: "2000-" }), "users[0].range", "two extensions"),
  bad(
    "a range with a shared secret",
    user({ range: "2000-2999", secret: "the-same-for-everyone" }),
    "users[0]",
    "it takes only range",
    "the-same-for-everyone",
  ),
  bad("a timeout of the wrong type", { ringTimeout: true }, "ringTimeout", 'such as "60s"'),
  bad("a fraction of a second", { connectTimeout: 1.5 }, "connectTimeout", 'such as "5s"'),
  bad("drainForce as a word", { drainForce: "yes" }, "drainForce", "true nor false"),
  bad(
    "a call limit of zero",
    { limits: { callsPerAccount: 0 } },
    "limits.callsPerAccount",
    "write a number such as 4",
  ),
  bad(
    "a log-in time that is too long",
    { limits: { loginTime: "10m" } },
    "limits.loginTime",
    "between 2s and 1m",
  ),
  bad("an empty list of codecs", { codecs: [] }, "codecs", "at least one"),
  bad("an unknown cloud", { cloud: "aws" }, "cloud", "openstack, okeanos"),
  bad(
    "a network wider than Okeanos allows",
    { cloud: "okeanos", trunkCidr: "10.0.0.0/21" },
    "trunkCidr",
    "/22 to /28",
  ),
  bad(
    "an Okeanos project on another cloud",
    { okeanosProject: "a-project" },
    "okeanosProject",
    "set pbx:cloud to okeanos",
  ),
  bad(
    "Okeanos addresses on another cloud",
    { okeanosReuseAddresses: true },
    "okeanosReuseAddresses",
    "set pbx:cloud to okeanos",
  ),
  bad(
    "a duplicate operator network in two notations",
    { operatorCidrs: ["10.0.0.0/08", "10.0.0.0/8"] },
    "operatorCidrs",
    "name each once",
  ),
  bad(
    "an operator network with host bits",
    { operatorCidrs: ["203.0.113.7/24"] },
    "operatorCidrs[0]",
    "write 203.0.113.0/24",
  ),
  bad(
    "a trunk network with host bits",
    { trunkCidr: "192.168.0.7/24" },
    "trunkCidr",
    "192.168.0.0/24",
  ),
  bad("a network that is too large", { trunkCidr: "10.0.0.0/8" }, "trunkCidr", "such as /24"),
  bad("an IPv6 trunk network", { trunkCidr: "fd00::/64" }, "trunkCidr", "192.168.0.0/24"),
  bad(
    "an operator network without a prefix",
    { operatorCidrs: ["203.0.113.7"] },
    "operatorCidrs[0]",
    "203.0.113.7/32",
  ),
  bad(
    "operator networks not in a list",
    { operatorCidrs: "203.0.113.0/24" },
    "operatorCidrs",
    "write a list",
  ),
  bad(
    "a private SSH key",
    { sshPublicKey: "-----BEGIN OPENSSH PRIVATE KEY-----" },
    "sshPublicKey",
    "id_ed25519.pub",
  ),
];
