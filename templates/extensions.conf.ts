import { z } from "zod";
import { type SipDriver } from "../core/telephony";
import { zoneContextSchema } from "./context";
import { parseContext, template } from "./engine";

/**
 * Causes of ITU-T Q.850, which say how a call ended. Towards a phone, the SIP driver converts the cause to a SIP
 * response. Towards another zone, the trunk carries the cause.
 */
const CAUSES = {
  /** No user has this number. SIP response: 404. */
  unknown: 1,
  /** SIP response: 486. */
  busy: 17,
  /** The phone rang, or reported that it does not answer. SIP response: 480. */
  unanswered: 19,
  /** The user's phone is registered in no zone, or is unreachable. SIP response: 480. */
  absent: 20,
  /** SIP response: 603 if the callee declined, 403 if the exchange declined. */
  declined: 21,
  /** The call exceeded the maximum number of trunk legs. */
  tooFar: 25,
} as const;

/** Causes of a leg that do not prove that the callee's phone is in the zone that the leg called. */
const NOT_HERE = [
  // The phone that responded has another number (404, 604), or no number any more (410).
  CAUSES.unknown,
  22,
  // The other zone does not know the number or this zone. During an update, the configurations of zones may differ.
  3,
  50,
  // No cause, or Normal Clearing: the leg had no final response.
  0,
  16,
  // Redirected. With the option `i`, Dial does not follow redirects.
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

export const ExtensionsConfContext = z.strictObject({
  /** Numbers that may be dialled, as Asterisk patterns. */
  numbers: z.array(z.string()),
  /** Expression for `$[]` that is true if no user has the dialled number. */
  isUnknown: z.string(),
  /** Expression for `$[]` that is true if no phone is registered for the number; empty if Dial detects this case. */
  isAbsent: z.string(),
  /** Device that `Dial` calls for a user whose phone is registered in this zone. */
  localDevice: z.string(),
  /** Devices of the other zones, which `Dial` calls simultaneously; empty if there is no other zone. */
  otherZones: z.string(),
  /** Seconds that a phone rings before the call counts as unanswered. */
  ringTimeout: z.int(),
  /** Maximum number of trunk legs of a call. */
  maxHops: z.int(),
  /** Maximum number of simultaneous calls that an account has placed. */
  callsPerAccount: z.int(),
  /** Seconds that each new call adds to the bucket of its account, which holds 60 s. */
  secondsPerCall: z.number(),
  causes,
  /** {@link NOT_HERE} and the empty cause, each between dashes. */
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

/**
 * Maximum number of digits of an extension (`pbx:users`). Each length needs its own pattern, because Asterisk has no
 * pattern for any number of digits without other characters.
 */
const MAX_DIGITS = 15;
const NUMBERS = Array.from({ length: MAX_DIGITS }, (_, index) => `_${"X".repeat(index + 1)}`);

/** Maximum number of trunk legs of a call: one leg, and another leg for each of three transfers. */
const MAX_HOPS = 4;

type Local = Pick<z.infer<typeof ExtensionsConfContext>, "isUnknown" | "isAbsent" | "localDevice">;

/** Expressions and the local device, by SIP driver. */
const LOCAL: Readonly<Record<SipDriver, Local>> = {
  chan_sip: {
    isUnknown: '"${DEVICE_STATE(SIP/${EXTEN})}" = "INVALID"',
    isAbsent: "",
    localDevice: "SIP/${EXTEN}",
  },
  pjsip: {
    // DEVICE_STATE would report INVALID for a user that Asterisk has not looked up yet.
    isUnknown: '"${REALTIME(ps_aors,id,${EXTEN})}" = ""',
    // The contact is an identifier that Asterisk generates. Without a contact, Dial would log an error for each call.
    isAbsent: '"${PJSIP_AOR(${EXTEN},contact)}" = ""',
    // Dials the endpoint, which has at most one contact. PJSIP_DIAL_CONTACTS would put the URI that the phone
    // registered into a dial string, and a URI may contain `&` and `,`.
    localDevice: "PJSIP/${EXTEN}",
  },
};

/** Returns the seconds that a call adds to the bucket, rounded down so that 60 s hold `callsPerMinute` calls. */
const secondsPerCall = (callsPerMinute: number): number =>
  Math.floor(60_000 / callsPerMinute) / 1000;

export function renderExtensionsConf(context: z.input<typeof zone>): string {
  const { sipDriver, trunkPeers, ringTimeout, callsPerAccount, callsPerMinute } = parseContext(
    "extensions.conf",
    zone,
    context,
  );
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
