import type { ExchangePlan, NodePlan } from "../../plan/exchange-plan";
import type { PbxProvider } from "../resources/pbx-provider";
import type { CloudAdapter } from "./cloud-adapter";

/** Keys of the configuration that select and set up the cloud. */
export interface CloudSettings {
  readonly cloud: "openstack" | "okeanos";
  readonly externalNetwork: string;
  readonly flavor: string;
  readonly controllerFlavor?: string | undefined;
  readonly okeanosProject?: string | undefined;
  readonly okeanosReuseAddresses: boolean;
}

/** Returns the adapter of the cloud for `exchange`. Loads only the modules of that cloud. */
export async function chooseCloud(
  settings: CloudSettings,
  exchange: ExchangePlan,
  provider: PbxProvider,
): Promise<CloudAdapter> {
  const { cloud, externalNetwork: pool, okeanosReuseAddresses: reuseAddresses } = settings;
  switch (cloud) {
    case "openstack": {
      const { OpenStackAdapter } = await import("./openstack-adapter");
      return new OpenStackAdapter(pool);
    }
    case "okeanos": {
      const [{ OkeanosAdapter }, { projectWithQuota, stackAddresses }] = await Promise.all([
        import("./okeanos-adapter"),
        import("./okeanos-functions"),
      ]);
      const { controller, zones } = exchange;
      const server = ({ name, tag: owner }: NodePlan, flavor: string) => ({ name, flavor, owner });
      const networkName = `${exchange.tag} trunk`;
      const project = projectWithQuota({
        provider,
        network: networkName,
        project: settings.okeanosProject,
        servers: [
          server(controller, settings.controllerFlavor ?? settings.flavor),
          ...zones.map((zone) => server(zone, settings.flavor)),
        ],
        reuseAddresses,
      });
      // With reuse, a node must not take an unused address that belongs to another node of this stack.
      const reserved = reuseAddresses ? stackAddresses() : Promise.resolve([]);
      return new OkeanosAdapter({
        exchange,
        provider,
        project,
        networkName,
        pool,
        reuseAddresses,
        reserved,
      });
    }
  }
}
