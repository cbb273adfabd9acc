import type { CloudApi } from "../clouds/cloud";
import { exchangeTag } from "../plan/secrets";
import { okeanosCloud } from "../clouds/okeanos";
import { openstackCloud } from "../clouds/openstack";
import type { Settings } from "../config/schema";

/** Returns the cloud that the environment names, of the kind that `settings` selects. @throws OperatorError */
export function cloudOf(settings: Settings, stack: string): CloudApi {
  const { flavor, okeanosProject: project, okeanosReuseAddresses: reuseAddresses } = settings;
  const tag = exchangeTag(settings.masterSecret, stack);
  switch (settings.cloud) {
    case "openstack":
      return openstackCloud({ flavor, tag: tag });
    case "okeanos":
      return okeanosCloud({ flavor, tag, project, reuseAddresses });
  }
}
