import { template } from "./engine";
import { zoneContextSchema } from "./context";

export const AsteriskConfContext = zoneContextSchema.pick({ name: true });

export const renderAsteriskConf = template("asterisk.conf.hbs", AsteriskConfContext.strip());
