import { SSH_PORT } from "../core/ports";
import type { PlannedChange } from "./plan";

/** A type of resource that calls depend on. */
interface Part {
  readonly title: string;
  /** Inputs whose change interrupts the resource even if the resource is not replaced. */
  readonly interruptedBy: readonly string[];
}

/** Types of resources that belong to a single node. */
export const NODE_PARTS: Readonly<Record<string, Part>> = {
  "openstack:compute/instance:Instance": {
    title: "server",
    interruptedBy: ["flavorId", "flavorName", "imageId", "imageName", "networks", "powerState"],
  },
  "openstack:networking/port:Port": {
    title: "port",
    interruptedBy: ["adminStateUp", "fixedIps", "securityGroupIds"],
  },
  "openstack:networking/floatingIp:FloatingIp": {
    title: "public address",
    interruptedBy: ["address", "fixedIp", "portId"],
  },
  "openstack:networking/floatingIpAssociate:FloatingIpAssociate": {
    title: "attachment of its public address",
    interruptedBy: ["fixedIp", "floatingIp", "portId"],
  },
  // An in-place change of the flavor stops the server.
  "pbx:okeanos:Server": { title: "server", interruptedBy: ["flavor"] },
  "pbx:okeanos:FloatingIp": { title: "public address", interruptedBy: [] },
};

/** Types of network resources that do not belong to a single node. */
export const SHARED_PARTS: Readonly<Record<string, Part>> = {
  "openstack:networking/network:Network": { title: "network", interruptedBy: ["adminStateUp"] },
  "pbx:okeanos:Network": { title: "network", interruptedBy: [] },
  "openstack:networking/subnet:Subnet": { title: "subnet", interruptedBy: ["gatewayIp"] },
  "openstack:networking/router:Router": {
    title: "router",
    interruptedBy: ["adminStateUp", "externalNetworkId"],
  },
  "openstack:networking/routerInterface:RouterInterface": {
    title: "router interface",
    interruptedBy: [],
  },
  "openstack:networking/secGroup:SecGroup": { title: "security group", interruptedBy: [] },
  "openstack:networking/secGroupRule:SecGroupRule": { title: "security rule", interruptedBy: [] },
};

/**
 * Returns whether calls are independent of a resource, because the resource is only for the operator's SSH access, or
 * does not exist in the cloud.
 */
export const isIndependentOfCalls = ({ type, olds, news }: PlannedChange): boolean =>
  /^(trunkline|pulumi):/.test(type) ||
  type === "openstack:compute/keypair:Keypair" ||
  (type.endsWith(":SecGroupRule") && (olds.portRangeMin ?? news.portRangeMin) === SSH_PORT);

export const isGone = ({ action }: PlannedChange): boolean =>
  action === "delete" || action === "replace";

/**
 * Returns whether a change interrupts a resource. A deletion and a replacement always do. So does any update of a
 * resource whose type is unknown here.
 */
export function isInterrupted(change: PlannedChange): boolean {
  const part = NODE_PARTS[change.type] ?? SHARED_PARTS[change.type];
  return (
    isGone(change) ||
    (change.action === "update" &&
      (part === undefined || change.changed.some((input) => part.interruptedBy.includes(input))))
  );
}

const DONE: Readonly<Record<PlannedChange["action"], string>> = {
  create: "created",
  update: "changed",
  replace: "replaced",
  delete: "deleted",
};

/** Describes changes, for example `server deleted, port deleted`. */
export const describe = (changes: readonly PlannedChange[]): string =>
  changes
    .map(({ type, name, action }) => {
      const title = NODE_PARTS[type]?.title ?? SHARED_PARTS[type]?.title;
      return `${title ?? `${type} ${name}`} ${DONE[action]}`;
    })
    .join(", ");
