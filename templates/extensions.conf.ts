import { template } from "./engine";
import { zoneContextSchema } from "./context";
import { z } from "zod";

/** `extensions.conf` of one zone. */
export const ExtensionsConfContext = z.strictObject({
  /** Prefix of a user's device in `DEVICE_STATE`: `SIP` or `PJSIP`. */
  technology: z.enum(["SIP", "PJSIP"]),
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

export function renderExtensionsConf(context: z.input<typeof zone>): string {
  const { sipDriver, trunkPeers, ringTimeout } = zone.parse(context);
  const otherZones = trunkPeers.map(({ name }) => `IAX2/${name}/\${EXTEN}`).join("&");
  const device =
    sipDriver === "chan_sip"
      ? ({ technology: "SIP", localDevice: "SIP/${EXTEN}" } as const)
      : // An endpoint may be reached at the address of a contact only: PJSIP/1001 alone would ignore
        // what the phone registered.
        ({ technology: "PJSIP", localDevice: "${PJSIP_DIAL_CONTACTS(${EXTEN})}" } as const);
  return render({ ...device, otherZones, ringTimeout });
}
