import { template } from "./engine";
import { zoneContextSchema } from "./context";

/** Context of `asterisk.conf` of a zone. */
export const AsteriskConfContext = zoneContextSchema.pick({ name: true });

export const renderAsteriskConf = template("asterisk.conf.hbs", AsteriskConfContext.strip());
