import { template } from "./engine";
import { controllerContextSchema } from "./context";

export const renderHaproxyCfg = template("haproxy.cfg.hbs", controllerContextSchema);
