import { zoneContextSchema } from "./context";
import { template } from "./engine";

export const AsteriskConfContext = zoneContextSchema.pick({ name: true });

export const renderAsteriskConf = template("asterisk.conf.hbs", AsteriskConfContext.strip());
