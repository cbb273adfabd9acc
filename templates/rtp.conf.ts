import { template } from "./engine";
import { zoneContextSchema } from "./context";

/** Context of `rtp.conf` of a zone. */
export const RtpConfContext = zoneContextSchema.pick({ rtpPorts: true });

export const renderRtpConf = template("rtp.conf.hbs", RtpConfContext.strip());
