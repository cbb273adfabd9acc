import * as pulumi from "@pulumi/pulumi";
import { readyBefore, replacedServers, type ServerSpecs, turnBefore } from "../plan/rollout";
import type { NodeConfig } from "./node-config";
import type { ZoneMembership } from "./zone-membership";

/**
 * Makes zones wait for each other where an update replaces servers, and only there: a first
 * deployment starts all of them at once.
 *
 * Nodes are looked up when the program has constructed all of them.
 */
export class Rollout {
  /** Zones whose servers this update replaces, in their order. */
  private readonly rolling: pulumi.Output<readonly string[]>;
  private readonly configs = new Map<string, NodeConfig>();
  private readonly memberships = new Map<string, ZoneMembership>();

  /**
   * @param last what the stack's last update left behind.
   * @param next what this one wants.
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

  /** What the server of `zone` waits for: a drain of its calls needs the controller as it is to be. */
  beforeServer(zone: string): pulumi.Output<pulumi.Resource[]> {
    return this.rolling.apply((rolling) =>
      rolling.includes(zone)
        ? present([
            this.configs.get(this.controller),
            this.memberships.get(turnBefore(zone, rolling) ?? ""),
          ])
        : [],
    );
  }

  /** Whose files are in place before `zone` enters: its peers know it by then, and it knows them. */
  beforeMembership(zone: string): pulumi.Output<pulumi.Resource[]> {
    return this.rolling.apply((rolling) =>
      present(
        readyBefore(zone, [...this.configs.keys()], rolling).map((node) => this.configs.get(node)),
      ),
    );
  }
}

const present = <T>(items: readonly (T | undefined)[]): T[] =>
  items.filter((item) => item !== undefined);
