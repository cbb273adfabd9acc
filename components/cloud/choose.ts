import type { Exchange, NodePlan } from "../../plan/exchange";
import type { PbxProvider } from "../pbx-provider";
import type { Cloud } from "./cloud";
import { Okeanos } from "./okeanos";
import { solventProject } from "./okeanos-functions";
import { OpenStack } from "./openstack";

/** What the configuration says of the cloud. */
export interface CloudSettings {
  readonly cloud: "openstack" | "okeanos";
  readonly externalNetwork: string;
  readonly flavor: string;
  readonly controllerFlavor?: string | undefined;
  readonly okeanosProject?: string | undefined;
  readonly okeanosReuseAddresses: boolean;
}

/** The cloud that `exchange` is to be made in. */
export function chooseCloud(
  settings: CloudSettings,
  exchange: Exchange,
  provider: PbxProvider,
): Cloud {
  const { cloud, externalNetwork: pool, okeanosReuseAddresses: reuseAddresses } = settings;
  switch (cloud) {
    case "openstack":
      return new OpenStack(pool);
    case "okeanos": {
      const { controller, zones } = exchange;
      const server = ({ name, mark: owner }: NodePlan, flavor: string) => ({ name, flavor, owner });
      const networkName = `${exchange.mark} trunk`;
      const project = solventProject({
        provider,
        network: networkName,
        project: settings.okeanosProject,
        servers: [
          server(controller, settings.controllerFlavor ?? settings.flavor),
          ...zones.map((zone) => server(zone, settings.flavor)),
        ],
        reuseAddresses,
      });
      return new Okeanos({ exchange, provider, project, networkName, pool, reuseAddresses });
    }
  }
}
