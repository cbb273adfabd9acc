import { template } from "./engine";
import { zoneContextSchema } from "./context";

/** `pjsip.conf` of one zone: chan_pjsip, Asterisk 16 and newer. */
export const PjsipConfContext = zoneContextSchema.pick({
  controllerAddress: true,
  address: true,
  fixedIp: true,
});

export const renderPjsipConf = template("pjsip.conf.hbs", PjsipConfContext.strip());
