import type { CloudApi } from "../clouds/cloud-api";
import { okeanosCloud } from "../clouds/okeanos";
import { openstackCloud } from "../clouds/openstack";
import type { Settings } from "../config/schema";
import { exchangeTag } from "../plan/derived-secrets";

/**
 * Returns the API of the cloud. `settings` select the kind of cloud. The `OS_*` environment variables give its address
 * and the credentials.
 *
 * @throws OperatorError if `settings` select OpenStack, and the environment names no cloud or the settings of the named
 * cloud cannot be read.
 */
export function cloudOf(settings: Settings, stack: string): CloudApi {
  const { flavor, okeanosProject: project, okeanosReuseAddresses: reuseAddresses } = settings;
  const tag = exchangeTag(settings.masterSecret, stack);
  switch (settings.cloud) {
    case "openstack":
      return openstackCloud({ flavor, tag });
    case "okeanos":
      return okeanosCloud({ flavor, tag, project, reuseAddresses });
  }
}
