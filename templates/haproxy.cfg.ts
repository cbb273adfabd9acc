import { template } from "./engine";
import { controllerContextSchema } from "./context";

/** Renders `haproxy.cfg` of the controller. */
export const renderHaproxyCfg = template("haproxy.cfg.hbs", controllerContextSchema);
