import { zoneContextSchema } from "./context";
import { template } from "./engine";

/** Context of `sip.conf` of a zone: chan_sip, Asterisk 20 and earlier. */
export const SipConfContext = zoneContextSchema.pick({
  codecs: true,
  controllerAddress: true,
  address: true,
  fixedIp: true,
  users: true,
});

export const renderSipConf = template("sip.conf.hbs", SipConfContext.strip());
