import { template } from "./engine";
import { type SipDriver, zoneContextSchema } from "./context";
import { z } from "zod";

/** `extensions.conf` of one zone. */
export const ExtensionsConfContext = z.strictObject({
  /** What may be dialled, as Asterisk's patterns. */
  numbers: z.array(z.string()),
  /** Whether nobody has the number that was dialled, as `$[]` takes it. */
  isUnknown: z.string(),
  /** What `Dial` rings for a user of this zone. */
  localDevice: z.string(),
  /** What `Dial` rings in the other zones, all at once; empty where this zone is alone. */
  otherZones: z.string(),
  /** Seconds. */
  ringTimeout: z.int(),
});

const render = template("extensions.conf.hbs", ExtensionsConfContext);

const zone = zoneContextSchema
  .pick({ sipDriver: true, trunkPeers: true, ringTimeout: true })
  .strip();

/** Digits of an extension at the most (`pbx:users`). No pattern stands for any number of digits. */
const DIGITS = 15;
const NUMBERS = Array.from({ length: DIGITS }, (_, index) => `_${"X".repeat(index + 1)}`);

/** What a driver tells of a user. Neither is asked whether a phone is there: it is called. */
const LOCAL: Readonly<Record<SipDriver, { isUnknown: string; localDevice: string }>> = {
  chan_sip: {
    isUnknown: '"${DEVICE_STATE(SIP/${EXTEN})}" = "INVALID"',
    localDevice: "SIP/${EXTEN}",
  },
  pjsip: {
    // Of a user whom Asterisk has not looked up yet, it would say that there is no such device.
    isUnknown: '"${REALTIME(ps_aors,id,${EXTEN})}" = ""',
    // An endpoint may be reached at the address of a contact only: PJSIP/1001 alone would ignore what
    // the phone registered.
    localDevice: "${PJSIP_DIAL_CONTACTS(${EXTEN})}",
  },
};

export function renderExtensionsConf(context: z.input<typeof zone>): string {
  const { sipDriver, trunkPeers, ringTimeout } = zone.parse(context);
  const otherZones = trunkPeers.map(({ name }) => `IAX2/${name}/\${EXTEN}`).join("&");
  return render({ numbers: NUMBERS, ...LOCAL[sipDriver], otherZones, ringTimeout });
}
