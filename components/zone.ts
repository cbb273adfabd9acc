import * as pulumi from "@pulumi/pulumi";
import type { ZonePlan } from "../plan/exchange-plan";
import type { HaproxyController } from "./haproxy-controller";
import { type ExchangeArgs, Node, type NodeServerArgs } from "./node";
import { zoneFiles } from "./node-files";
import { ZoneMembership } from "./resources/zone-membership";
import { zoneHost } from "./zone-host";

export interface ZoneArgs extends ExchangeArgs, NodeServerArgs {
  readonly plan: ZonePlan;
  readonly controller: HaproxyController;
}

/** Server with Asterisk and its membership in the rotation. All zones have the same users. */
export abstract class Zone extends Node {
  readonly membership: ZoneMembership;

  protected constructor(
    type: string,
    { plan, controller, ...args }: ZoneArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    const { exchange, rollout, drain } = args;
    super(
      type,
      {
        ...args,
        plan,
        role: "zone",
        files: (known, address) =>
          pulumi
            .all([controller.address, address])
            .apply(([controllerAddress, own]) =>
              zoneFiles(known, plan, { controllerAddress, address: own }),
            ),
        // A change replaces the server, because Asterisk loads its SIP driver only at start.
        metadata: { sipDriver: exchange.sipDriver },
        serverAfter: rollout.beforeServer(plan.name),
        via: controller,
      },
      opts,
    );
    this.membership = new ZoneMembership(
      plan.name,
      {
        zone: zoneHost(plan),
        serverId: this.serverId,
        controllerId: controller.serverId,
        access: this.access,
        drain,
      },
      {
        parent: this,
        dependsOn: rollout
          .beforeMembership(plan.name)
          .apply((configs) => [this.config, ...configs]),
      },
    );
    rollout.addMembership(plan.name, this.membership);
    this.registerOutputs({ address: this.address, fixedIp: this.fixedIp });
  }
}
