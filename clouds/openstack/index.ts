import type { CloudApi } from "../cloud";
import { openstackTaggedResources } from "./tagged";
import { cloudSettings } from "./settings";
import { openstackHeadroom } from "./headroom";
import { CloudSession } from "./session";

/** Returns the OpenStack cloud that the environment names, for an exchange with zones of `flavor`. */
export function openstackCloud({ flavor, tag }: { flavor: string; tag: string }): CloudApi {
  const session = new CloudSession(cloudSettings());
  return {
    headroom: () => openstackHeadroom(session, flavor),
    taggedResources: () => openstackTaggedResources(session, tag),
  };
}
