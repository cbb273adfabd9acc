import type { NodePlan } from "../plan/exchange-plan";
import type { ZoneHost } from "../ssh/access";

/** Returns the name, fixed IP and host key of a zone for the provider. */
export const zoneHost = ({ name, fixedIp, sshHostKey }: NodePlan): ZoneHost => ({
  name,
  fixedIp,
  sshHostKey: sshHostKey.publicKey,
});
