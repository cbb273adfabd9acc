import * as openstack from "@pulumi/openstack";

// The provider reads the cloud's URL and the token from the environment, and needs no region or tenant.
const keypair = new openstack.compute.Keypair("access", {
  name: "access",
  publicKey: "ssh-ed25519 AAAA operator@example.org",
});
const network = new openstack.networking.Network("trunk", {
  name: "trunk",
  valueSpecs: { type: "MAC_FILTERED" },
});
const subnet = new openstack.networking.Subnet(
  "trunk",
  { name: "trunk", networkId: network.id, cidr: "192.168.0.0/24", noGateway: true },
  // Synnefo deletes a subnet only together with its network.
  { retainOnDelete: true },
);

export const made = [keypair.name, network.id, subnet.id, subnet.cidr];
