import { template } from "./engine";
import { zoneContextSchema } from "./context";

/** `sip.conf` of one zone: chan_sip, Asterisk 20 and older. */
export const SipConfContext = zoneContextSchema.pick({
  codecs: true,
  controllerAddress: true,
  address: true,
  fixedIp: true,
  users: true,
});

export const renderSipConf = template("sip.conf.hbs", SipConfContext.strip());
