import { zoneContextSchema } from "./context";
import { template } from "./engine";

export const RtpConfContext = zoneContextSchema.pick({ rtpPorts: true });

export const renderRtpConf = template("rtp.conf.hbs", RtpConfContext.strip());
