import { controllerContextSchema } from "./context";
import { template } from "./engine";

export const renderHaproxyCfg = template("haproxy.cfg.hbs", controllerContextSchema);
