import { template } from "./engine";
import { controllerContextSchema } from "./context";

/** Renders the configuration of the controller's HAProxy. */
export const renderHaproxyCfg = template("haproxy.cfg.hbs", controllerContextSchema);
