import { template } from "./engine";
import { zoneContextSchema } from "./context";

/** `rtp.conf` of one zone. */
export const RtpConfContext = zoneContextSchema.pick({ rtpPorts: true });

export const renderRtpConf = template("rtp.conf.hbs", RtpConfContext.strip());
