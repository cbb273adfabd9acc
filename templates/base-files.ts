import { type ChronyContext, renderChronyConf } from "./chrony.conf";
import { type NftablesContext, renderNftablesConf } from "./nftables.conf";
import type { NodeFile } from "./node-file";

/**
 * Returns the two files with the authorized keys of a node. The operator logs in as user `debian`. The stack logs in as
 * root, which saves the time of sudo for each change. A cloud may write the public key of a key pair to
 * `.ssh/authorized_keys` at the first boot. These files have other paths, so a change of them does not remove that key.
 *
 * @param operator public key of the operator.
 * @param stack public key of the stack.
 */
export function renderAuthorizedKeys(operator: string, stack: string): NodeFile[] {
  const keys = (name: string, group: string, key: string): NodeFile => ({
    path: `/etc/trunkline/${name}`,
    content: `${key}\n`,
    // sshd reads the file as the user that logs in.
    owner: `root:${group}`,
    mode: "0640",
  });
  return [
    keys("authorized_keys", "debian", operator),
    keys("root_authorized_keys", "root", `restrict,port-forwarding ${stack}`),
  ];
}

/** Returns the file from which nftables.service loads the rules of the packet filter. */
export const renderFirewall = (context: NftablesContext): NodeFile => ({
  path: "/etc/nftables.conf",
  content: renderNftablesConf(context),
  owner: "root:root",
  mode: "0640",
});

/** Returns the file from which chrony reads the configuration of the node's clock. */
export const renderClock = (context: ChronyContext): NodeFile => ({
  path: "/etc/chrony/chrony.conf",
  content: renderChronyConf(context),
  owner: "root:root",
  mode: "0644",
});

/** Returns the file with a node's role and name, and a zone's SIP driver. A zone checks the driver when it starts. */
export const renderNodeJson = (node: Record<string, string>): NodeFile => ({
  path: "/etc/trunkline/node.json",
  content: `${JSON.stringify(node)}\n`,
  owner: "root:root",
  mode: "0640",
});
