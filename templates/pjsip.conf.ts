import { zoneContextSchema } from "./context";
import { template } from "./engine";

/** Context of `pjsip.conf` of a zone: chan_pjsip, Asterisk 16 and later. */
export const PjsipConfContext = zoneContextSchema.pick({
  controllerAddress: true,
  address: true,
  fixedIp: true,
});

export const renderPjsipConf = template("pjsip.conf.hbs", PjsipConfContext.strip());
