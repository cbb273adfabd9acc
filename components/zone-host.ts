import type { NodePlan } from "../plan/exchange-plan";
import type { ZoneHost } from "../ssh/access";

export const zoneHost = ({ name, fixedIp, sshHostKey }: NodePlan): ZoneHost => ({
  name,
  fixedIp,
  sshHostKey: sshHostKey.publicKey,
});
