import type { Cloud } from "../cloud";
import { cloudSettings } from "./cloud-settings";
import { openstackHeadroom } from "./limits";
import { markedThings } from "./marked";
import { CloudSession } from "./session";

/** The OpenStack cloud that the environment names, for an exchange with zones of `flavor`. */
export function openstackCloud({ flavor, mark }: { flavor: string; mark: string }): Cloud {
  const session = new CloudSession(cloudSettings());
  return {
    headroom: () => openstackHeadroom(session, flavor),
    marked: () => markedThings(session, mark),
  };
}
