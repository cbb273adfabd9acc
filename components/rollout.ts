import * as pulumi from "@pulumi/pulumi";
import {
  nodesConfiguredBefore,
  replacedServers,
  type ServerSpecs,
  previousReplaced,
} from "../plan/rollout-order";
import type { NodeConfig } from "./resources/node-config";
import type { ZoneMembership } from "./resources/zone-membership";

/**
 * Makes zones wait for each other if an update replaces their servers. New servers, as in a first deployment, start in
 * parallel.
 *
 * Looks up the resources of nodes in the callbacks of Outputs, which run after the program has constructed all nodes.
 */
export class Rollout {
  /** Zones whose servers this update replaces, in the order of replacement. */
  private readonly rolling: pulumi.Output<readonly string[]>;
  private readonly configs = new Map<string, NodeConfig>();
  private readonly memberships = new Map<string, ZoneMembership>();

  /**
   * @param controller name of the controller.
   * @param last specifications of the servers after the stack's last successful update.
   * @param next specifications of the servers after this update.
   */
  constructor(
    private readonly controller: string,
    last: pulumi.Input<ServerSpecs>,
    next: pulumi.Input<ServerSpecs>,
  ) {
    this.rolling = pulumi
      .all([last, next])
      .apply(([before, after]) =>
        replacedServers(before, after).filter((name) => name !== controller),
      );
  }

  addConfig(node: string, config: NodeConfig): void {
    this.configs.set(node, config);
  }

  addMembership(zone: string, membership: ZoneMembership): void {
    this.memberships.set(zone, membership);
  }

  /**
   * Returns the resources that a replaced server of `zone` waits for; empty for other servers. The NodeConfig of the
   * controller is one of them, because a drain needs the controller's new configuration.
   */
  beforeServer(zone: string): pulumi.Output<pulumi.Resource[]> {
    return this.rolling.apply((rolling) =>
      rolling.includes(zone)
        ? withoutUndefined([
            this.configs.get(this.controller),
            this.memberships.get(previousReplaced(zone, rolling) ?? ""),
          ])
        : [],
    );
  }

  /** Returns the NodeConfigs that must be applied before `zone` enters the rotation, so that peers know each other. */
  beforeMembership(zone: string): pulumi.Output<pulumi.Resource[]> {
    return this.rolling.apply((rolling) =>
      withoutUndefined(
        nodesConfiguredBefore(zone, [...this.configs.keys()], rolling).map((node) =>
          this.configs.get(node),
        ),
      ),
    );
  }
}

const withoutUndefined = <T>(items: readonly (T | undefined)[]): T[] =>
  items.filter((item) => item !== undefined);
