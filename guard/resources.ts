import type { PlannedChange } from "./plan";

/** What callers lose while a resource is not there, or is changed in certain inputs. */
interface Part {
  /** As an operator calls it. */
  readonly title: string;
  /** Inputs whose change in place interrupts it. */
  readonly interruptedBy: readonly string[];
}

/** What makes up a node in the cloud, by type. */
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
  // A change of its flavor in place stops it.
  "pbx:okeanos:Server": { title: "server", interruptedBy: ["flavor"] },
  "pbx:okeanos:FloatingIp": { title: "public address", interruptedBy: [] },
};

/** What all media goes by, by type. */
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

const SSH_PORT = 22;

/** Resources that no call goes by: the operator's way in, and what stands for nothing in the cloud. */
export const isBesideCalls = ({ type, olds, news }: PlannedChange): boolean =>
  /^(trunkline|pulumi):/.test(type) ||
  type === "openstack:compute/keypair:Keypair" ||
  (type.endsWith(":SecGroupRule") && (olds.portRangeMin ?? news.portRangeMin) === SSH_PORT);

export const isGone = ({ action }: PlannedChange): boolean =>
  action === "delete" || action === "replace";

/** Whether what goes by way of the resource is interrupted. One that is not known here may be. */
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

/** `server deleted, port deleted`. */
export const describe = (changes: readonly PlannedChange[]): string =>
  changes
    .map(({ type, name, action }) => {
      const title = NODE_PARTS[type]?.title ?? SHARED_PARTS[type]?.title;
      return `${title ?? `${type} ${name}`} ${DONE[action]}`;
    })
    .join(", ");
