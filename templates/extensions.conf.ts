import { type SipDriver } from "../core/telephony";
import { template } from "./engine";
import { zoneContextSchema } from "./context";
import { z } from "zod";

/**
 * Causes of ITU-T Q.850, with which Asterisk says how a call ended: to its driver, which makes a SIP answer of
 * the cause, and to the other zones over the trunk.
 */
const CAUSES = {
  /** No user has this number: 404. */
  unknown: 1,
  /** 486. */
  busy: 17,
  /** The phone rang, or said that it does not answer: 480. */
  unanswered: 19,
  /** The user's phone is registered in no zone, or cannot be reached: 480. */
  absent: 20,
  /** From a callee: 603. From the exchange: 403. */
  declined: 21,
  /** The call came over too many trunk legs. */
  tooFar: 25,
} as const;

/** Causes of a leg that do not say that the callee's phone is here: the search goes on. */
const NOT_HERE = [
  // The phone at this address has another number now (404, 604), or has none (410).
  CAUSES.unknown,
  22,
  // The other zone does not know the number or this zone: they were not yet told the same.
  3,
  50,
  // A provisional answer was the last one.
  0,
  16,
  // Redirected, which is not followed.
  23,
  CAUSES.absent,
  CAUSES.tooFar,
];

const causes = z.strictObject({
  unknown: z.int(),
  busy: z.int(),
  unanswered: z.int(),
  absent: z.int(),
  declined: z.int(),
  tooFar: z.int(),
});

/** `extensions.conf` of one zone. */
export const ExtensionsConfContext = z.strictObject({
  /** What may be dialled, as Asterisk's patterns. */
  numbers: z.array(z.string()),
  /** Whether nobody has the number that was dialled, as `$[]` takes it. */
  isUnknown: z.string(),
  /** Whether no phone is registered for it, as `$[]` takes it; empty if Dial finds out. */
  isAbsent: z.string(),
  /** What `Dial` rings for a user of this zone. */
  localDevice: z.string(),
  /** What `Dial` rings in the other zones, all at once; empty where this zone is alone. */
  otherZones: z.string(),
  /** Seconds. */
  ringTimeout: z.int(),
  /** Trunk legs that a call may consist of. */
  maxHops: z.int(),
  /** Calls that an account may have placed at a time. */
  callsPerAccount: z.int(),
  /** Seconds of a minute's calls that one call takes. */
  secondsPerCall: z.number(),
  causes,
  /** {@link NOT_HERE}, each between dashes, and no cause at all. */
  notHere: z.string(),
});

const render = template("extensions.conf.hbs", ExtensionsConfContext);

const zone = zoneContextSchema
  .pick({
    sipDriver: true,
    trunkPeers: true,
    ringTimeout: true,
    callsPerAccount: true,
    callsPerMinute: true,
  })
  .strip();

/** Digits of an extension at the most (`pbx:users`). No pattern stands for any number of digits. */
const DIGITS = 15;
const NUMBERS = Array.from({ length: DIGITS }, (_, index) => `_${"X".repeat(index + 1)}`);

/** A call goes over the trunk once, and once more for each of three transfers. */
const MAX_HOPS = 4;

type Local = Pick<z.infer<typeof ExtensionsConfContext>, "isUnknown" | "isAbsent" | "localDevice">;

/** What a driver tells of a user. */
const LOCAL: Readonly<Record<SipDriver, Local>> = {
  chan_sip: {
    isUnknown: '"${DEVICE_STATE(SIP/${EXTEN})}" = "INVALID"',
    isAbsent: "",
    localDevice: "SIP/${EXTEN}",
  },
  pjsip: {
    // Of a user whom Asterisk has not looked up yet, DEVICE_STATE would say that there is no such device.
    isUnknown: '"${REALTIME(ps_aors,id,${EXTEN})}" = ""',
    // An identifier of Asterisk's own. Without a contact, Dial would log an error for each call.
    isAbsent: '"${PJSIP_AOR(${EXTEN},contact)}" = ""',
    // The endpoint, which has one contact at the most. PJSIP_DIAL_CONTACTS would make a dial string of
    // what the phone has registered: `&` and `,` are legal in a URI.
    localDevice: "PJSIP/${EXTEN}",
  },
};

/** Seconds that a call takes of its minute, rounded down: the minute must hold `callsPerMinute` of them. */
const secondsPerCall = (callsPerMinute: number): number =>
  Math.floor(60_000 / callsPerMinute) / 1000;

export function renderExtensionsConf(context: z.input<typeof zone>): string {
  const { sipDriver, trunkPeers, ringTimeout, callsPerAccount, callsPerMinute } =
    zone.parse(context);
  return render({
    numbers: NUMBERS,
    ...LOCAL[sipDriver],
    otherZones: trunkPeers.map(({ name }) => `IAX2/${name}/\${EXTEN}`).join("&"),
    ringTimeout,
    maxHops: MAX_HOPS,
    callsPerAccount,
    secondsPerCall: secondsPerCall(callsPerMinute),
    causes: CAUSES,
    notHere: `--${NOT_HERE.join("-")}-`,
  });
}
