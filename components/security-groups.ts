import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import { IAX2_PORT, RTP_PORTS, SIP_PORT, SSH_PORT } from "./ports";

export interface SecurityGroupsArgs {
  /** Networks that may use SSH to the controller. */
  readonly operatorCidrs: readonly string[];
}

interface Rule {
  readonly protocol: "tcp" | "udp";
  readonly ports: { readonly start: number; readonly end: number };
  /** Members of a group, or a network. */
  readonly from: { readonly group: openstack.networking.SecGroup } | { readonly cidr: string };
}

/** Why nobody could bring the nodes an edit, or undefined. */
export function sshFault(operatorCidrs: readonly string[]): string | undefined {
  return operatorCidrs.length > 0
    ? undefined
    : "pbx:operatorCidrs is empty, so nobody may reach the nodes by SSH, and no edit could reach them: " +
        "write the networks that you run pulumi from, such as [203.0.113.7/32]";
}

const ANYWHERE = { cidr: "0.0.0.0/0" };
const only = (port: number) => ({ start: port, end: port });

/** Who may reach what. Whatever is not listed here is refused, from inside the network as well. */
export class SecurityGroups extends pulumi.ComponentResource {
  readonly controllerId: pulumi.Output<string>;
  readonly zoneId: pulumi.Output<string>;
  /** Nothing reaches a node before these exist. */
  readonly rules: readonly pulumi.Resource[];

  constructor(
    name: string,
    { operatorCidrs }: SecurityGroupsArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super("trunkline:index:SecurityGroups", name, {}, opts);
    const group = (groupName: string, description: string): openstack.networking.SecGroup =>
      new openstack.networking.SecGroup(groupName, { description }, { parent: this });
    const rules: pulumi.Resource[] = [];
    const allow = (ruleName: string, to: openstack.networking.SecGroup, rule: Rule): void => {
      rules.push(
        new openstack.networking.SecGroupRule(
          ruleName,
          {
            securityGroupId: to.id,
            direction: "ingress",
            ethertype: "IPv4",
            protocol: rule.protocol,
            portRangeMin: rule.ports.start,
            portRangeMax: rule.ports.end,
            ...("group" in rule.from
              ? { remoteGroupId: rule.from.group.id }
              : { remoteIpPrefix: rule.from.cidr }),
          },
          { parent: to },
        ),
      );
    };

    const controller = group("controller", "SIP from phones, SSH from operators");
    const zone = group("zone", "SIP and SSH from the controller, IAX2 from zones, RTP from phones");
    const fromController = { group: controller };

    allow("controller-sip", controller, { protocol: "tcp", ports: only(SIP_PORT), from: ANYWHERE });
    for (const cidr of operatorCidrs) {
      allow(`controller-ssh-${cidr}`, controller, {
        protocol: "tcp",
        ports: only(SSH_PORT),
        from: { cidr },
      });
    }
    allow("zone-sip", zone, { protocol: "tcp", ports: only(SIP_PORT), from: fromController });
    allow("zone-ssh", zone, { protocol: "tcp", ports: only(SSH_PORT), from: fromController });
    allow("zone-iax2", zone, { protocol: "udp", ports: only(IAX2_PORT), from: { group: zone } });
    allow("zone-rtp", zone, { protocol: "udp", ports: RTP_PORTS, from: ANYWHERE });

    this.controllerId = controller.id;
    this.zoneId = zone.id;
    this.rules = rules;
    this.registerOutputs({ controllerId: this.controllerId, zoneId: this.zoneId });
  }
}
