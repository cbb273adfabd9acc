import type { CloudApi } from "../cloud-api";
import { CloudSession } from "./cloud-session";
import { cloudSettings } from "./cloud-settings";
import { openstackHeadroom } from "./headroom";
import { openstackTaggedResources } from "./tagged";

/**
 * Returns the cloud API of the OpenStack cloud that the environment names (OS_CLOUD or OS_*).
 *
 * @param flavor flavor of the zones.
 * @param tag tag of the exchange.
 * @throws OperatorError if the environment names no cloud, or if the settings of the cloud cannot be read.
 */
export function openstackCloud({ flavor, tag }: { flavor: string; tag: string }): CloudApi {
  const session = new CloudSession(cloudSettings());
  return {
    headroom: () => openstackHeadroom(session, flavor),
    taggedResources: () => openstackTaggedResources(session, tag),
  };
}
