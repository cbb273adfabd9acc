import type { Cloud } from "../clouds/cloud";
import { okeanosCloud } from "../clouds/okeanos";
import { openstackCloud } from "../clouds/openstack";
import type { Settings } from "../config/schema";
import { cloudMark } from "../plan/secrets";

/** The cloud that the environment names, of the kind that `stack` is made for. @throws OperatorError */
export function cloudOf(settings: Settings, stack: string): Cloud {
  const { flavor, okeanosProject: project, okeanosReuseAddresses: reuseAddresses } = settings;
  const mark = cloudMark(settings.masterSecret, stack);
  switch (settings.cloud) {
    case "openstack":
      return openstackCloud({ flavor, mark });
    case "okeanos":
      return okeanosCloud({ flavor, mark, project, reuseAddresses });
  }
}
