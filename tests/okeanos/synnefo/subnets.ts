import { Address4, Address6 } from "ip-address";
import { defaultPools, firstHost, isIpv4 } from "./addresses";
import { type Cloud, cyclades, sees } from "./cloud";
import type { NetworkRecord, Pool, Subnet, UserRecord } from "./cloud-state";
import { badRequest, conflict, notFound, overLimit } from "./faults";
import { attribute, isJson, type Json, jsonBody, required, scalar } from "./json";
import { links } from "./links";
import { findLiveNetwork } from "./networks";
import type { Route } from "./router";

/** Minimum and maximum prefix length of an IPv4 subnet. */
const MASKS = { min: 22, max: 29 };

function find({ cloudState }: Cloud, user: UserRecord, id: string): Subnet {
  const subnet = cloudState.subnets.get(Number(id));
  if (subnet === undefined || !sees(user, subnet)) {
    throw notFound(`Subnet '${id}' not found.`);
  }
  return subnet;
}

const isDeleted = ({ cloudState }: Cloud, { networkId }: Subnet): boolean =>
  cloudState.networks.get(networkId)?.deleted ?? true;

function view(cloud: Cloud, origin: string, subnet: Subnet): Json {
  const deleted = isDeleted(cloud, subnet);
  return {
    id: String(subnet.id),
    name: subnet.name,
    network_id: String(subnet.networkId),
    cidr: subnet.cidr,
    ip_version: subnet.version,
    gateway_ip: subnet.gateway,
    enable_dhcp: subnet.dhcp,
    ...(subnet.version === 6 && { enable_slaac: true }),
    allocation_pools: deleted ? [] : subnet.pools,
    dns_nameservers: subnet.nameservers,
    host_routes: subnet.hostRoutes,
    user_id: subnet.userId,
    tenant_id: subnet.project,
    public: subnet.public,
    deleted,
    links: links(origin, `/network/v2.0/subnets/${String(subnet.id)}`),
  };
}

function checkCidr(cidr: string, version: 4 | 6): void {
  if (version === 6) {
    if (!Address6.isValid(cidr)) throw badRequest("Invalid network IPv6 subnet");
    return;
  }
  const network = Address4.isValid(cidr) ? new Address4(cidr) : undefined;
  if (network === undefined || network.startAddress().correctForm() !== network.correctForm()) {
    throw badRequest("Invalid network IPv4 subnet");
  }
  if (network.subnetMask < MASKS.min || network.subnetMask > MASKS.max) {
    const range = `[${String(MASKS.min)}, ${String(MASKS.max)}]`;
    throw overLimit("Unsupported network size", `Netmask must be in range: ${range}`);
  }
}

function poolsOf(wanted: unknown, cidr: string, gateway: string | null): readonly Pool[] {
  if (!Array.isArray(wanted) || wanted.length === 0) {
    return defaultPools(cidr, gateway);
  }
  const network = new Address4(cidr);
  return wanted.map((pool: unknown) => {
    const { start, end } = isJson(pool) ? pool : {};
    if (typeof start !== "string" || typeof end !== "string" || !isIpv4(start) || !isIpv4(end)) {
      throw badRequest("Malformed IPv4 address");
    }
    if (!new Address4(start).isInSubnet(network) || !new Address4(end).isInSubnet(network)) {
      throw conflict("IP Pool out of bounds");
    }
    return { start, end };
  });
}

function create(cloud: Cloud, network: NetworkRecord, wanted: Json): Subnet {
  const { cloudState } = cloud;
  const version = wanted.ip_version === 6 ? 6 : 4;
  const siblings = [...cloudState.subnets.values()].filter(
    ({ networkId }) => networkId === network.id,
  );
  if (siblings.some((subnet) => subnet.version === version)) {
    throw badRequest("Only one subnet of IPv4/IPv6 per network is allowed");
  }
  if (network.inCluster) {
    throw badRequest(
      `Cannot create subnet in network ${String(network.id)}, ` +
        "VMs are already connected to this network",
    );
  }
  const cidr = scalar(required(wanted, "cidr"));
  checkCidr(cidr, version);
  // null means no gateway. The default gateway is the first host.
  const gateway =
    wanted.gateway_ip === undefined
      ? firstHost(cidr, version)
      : wanted.gateway_ip === null
        ? null
        : scalar(wanted.gateway_ip);
  const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
  const subnet: Subnet = {
    id: cloudState.nextId("subnet"),
    networkId: network.id,
    name: scalar(wanted.name),
    cidr,
    version,
    gateway,
    dhcp: wanted.enable_dhcp !== false,
    pools: version === 4 ? poolsOf(wanted.allocation_pools, cidr, gateway) : [],
    nameservers: list(wanted.dns_nameservers).map(scalar),
    hostRoutes: list(wanted.host_routes),
    userId: network.userId,
    project: network.project,
    public: false,
  };
  cloudState.subnets.set(subnet.id, subnet);
  return subnet;
}

export function subnetRoutes(cloud: Cloud): readonly Route[] {
  const path = "/network/v2.0/subnets";
  const one = `${path}/{subnet}`;
  return [
    cyclades(cloud, "GET", path, (user, { origin }) => ({
      status: 200,
      body: {
        subnets: [...cloud.cloudState.subnets.values()]
          .filter((subnet) => sees(user, subnet) && !isDeleted(cloud, subnet))
          .map((subnet) => view(cloud, origin, subnet)),
      },
    })),
    cyclades(cloud, "POST", path, (user, call) => {
      const { subnet: wanted } = jsonBody(call);
      if (!isJson(wanted)) {
        throw badRequest("Malformed request");
      }
      const network = findLiveNetwork(cloud, user, scalar(required(wanted, "network_id")));
      const subnet = create(cloud, network, wanted);
      return { status: 201, body: { subnet: view(cloud, call.origin, subnet) } };
    }),
    cyclades(cloud, "GET", one, (user, { origin, params }) => {
      const subnet = find(cloud, user, params.subnet ?? "");
      return { status: 200, body: { subnet: view(cloud, origin, subnet) } };
    }),
    cyclades(cloud, "PUT", one, (user, call) => {
      const wanted = attribute(jsonBody(call), "subnet");
      const subnet = find(cloud, user, call.params.subnet ?? "");
      if (Object.keys(wanted).join() !== "name") {
        throw badRequest("Only the name of a subnet can be updated");
      }
      subnet.name = scalar(wanted.name);
      return { status: 200, body: { subnet: view(cloud, call.origin, subnet) } };
    }),
    cyclades(cloud, "DELETE", one, () => {
      throw badRequest("Deletion of a subnet is not supported");
    }),
  ];
}
