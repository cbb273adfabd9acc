import type { Cloud } from "../cloud";
import { cloudSettings } from "./settings";
import { openstackHeadroom } from "./headroom";
import { markedThings } from "./tagged";
import { CloudSession } from "./session";

/** The OpenStack cloud that the environment names, for an exchange with zones of `flavor`. */
export function openstackCloud({ flavor, mark }: { flavor: string; mark: string }): Cloud {
  const session = new CloudSession(cloudSettings());
  return {
    headroom: () => openstackHeadroom(session, flavor),
    marked: () => markedThings(session, mark),
  };
}
