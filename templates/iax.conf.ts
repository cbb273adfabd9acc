import { zoneContextSchema } from "./context";
import { template } from "./engine";

/** Context of `iax.conf` of a zone: the zone's end of the trunk to every other zone. */
export const IaxConfContext = zoneContextSchema.pick({
  name: true,
  codecs: true,
  fixedIp: true,
  trunkPeers: true,
});

export const renderIaxConf = template("iax.conf.hbs", IaxConfContext.strip());
