import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { FirewallRule, Role } from "../../plan/firewall-rules";
import type { Firewall } from "./cloud-adapter";

export interface SecurityGroupsArgs {
  readonly rules: readonly FirewallRule[];
}

/** Security groups of Neutron: a group for each role, and rules that say which hosts may reach its members. */
export class SecurityGroups extends pulumi.ComponentResource implements Firewall {
  readonly controllerId: pulumi.Output<string>;
  readonly zoneId: pulumi.Output<string>;
  readonly rules: readonly pulumi.Resource[];

  constructor(
    name: string,
    { rules }: SecurityGroupsArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("trunkline:index:SecurityGroups", name, {}, opts);
    const group = (groupName: string, description: string): openstack.networking.SecGroup =>
      new openstack.networking.SecGroup(groupName, { description }, { parent: this });
    const groups: Readonly<Record<Role, openstack.networking.SecGroup>> = {
      controller: group("controller", "SIP from phones, SSH from operators"),
      zone: group("zone", "SIP and SSH from the controller, IAX2 from zones, RTP from phones"),
    };
    this.rules = rules.map(
      ({ name: ruleName, to, protocol, ports, from }) =>
        new openstack.networking.SecGroupRule(
          ruleName,
          {
            securityGroupId: groups[to].id,
            direction: "ingress",
            ethertype: "IPv4",
            protocol,
            portRangeMin: ports.start,
            portRangeMax: ports.end,
            ...("role" in from
              ? { remoteGroupId: groups[from.role].id }
              : { remoteIpPrefix: from.cidr }),
          },
          { parent: groups[to] },
        ),
    );
    this.controllerId = groups.controller.id;
    this.zoneId = groups.zone.id;
    this.registerOutputs({ controllerId: this.controllerId, zoneId: this.zoneId });
  }

  groups(role: Role): pulumi.Input<string>[] {
    return [role === "controller" ? this.controllerId : this.zoneId];
  }
}
