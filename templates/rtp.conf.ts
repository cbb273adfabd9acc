import { template } from "./engine";
import { zoneContextSchema } from "./context";

export const RtpConfContext = zoneContextSchema.pick({ rtpPorts: true });

export const renderRtpConf = template("rtp.conf.hbs", RtpConfContext.strip());
