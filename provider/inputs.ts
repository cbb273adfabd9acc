/**
 * What the program tells the provider: the inputs of its resources, plain JSON as Pulumi keeps it in
 * the stack's state. Times are in seconds.
 */

/** A zone as the controller finds it in the trunk network. */
export interface ZoneHost {
  /** `zone1`, `zone2`, … */
  readonly name: string;
  readonly fixedIp: string;
  /** Public host key, a line as in `known_hosts` without the host: `ssh-ed25519 AAAA… zone1`. */
  readonly sshHostKey: string;
}

/** The way to the nodes: SSH to the controller, and by way of it to every zone. */
export interface Access {
  /** Of the stack's own key pair, in OpenSSH's format. Secret. */
  readonly privateKey: string;
  /** Public address of the controller. */
  readonly controllerAddress: string;
  /** Public host key of the controller, a line as in `known_hosts` without the host. */
  readonly controllerHostKey: string;
}

/** What may be done to callers when a zone goes. */
export interface DrainPolicy {
  /** How long the calls of a leaving zone may go on. */
  readonly timeout: number;
  /** Whether calls that are left after `timeout` are cut, instead of the zone staying in service. */
  readonly force: boolean;
}

/** How a file is to be on its node; its content is in {@link NodeConfigInputs.contents}. */
export interface FileSpec {
  /** `user:group`. */
  readonly owner: string;
  /** Octal, for example `0640`. */
  readonly mode: string;
  /** Changes with the content, and tells nothing of it without the stack's master secret. */
  readonly digest: string;
}

/** The files of one node. */
export interface NodeConfigInputs {
  /** `controller`, `zone1`, … */
  readonly node: string;
  /** Another server is another node: its files are looked at anew. */
  readonly serverId: string;
  readonly access: Access;
  /** All zones that the files speak of, the node's own among them where it is one. */
  readonly zones: readonly ZoneHost[];
  readonly drain: DrainPolicy;
  /** By absolute path. */
  readonly files: Readonly<Record<string, FileSpec>>;
  /** `{ path: content }` of the same paths as JSON, gzip, base64. Secret. */
  readonly contents: string;
}

/** A zone's place in the rotation. */
export interface ZoneMembershipInputs {
  readonly zone: ZoneHost;
  /** Another server is another member: the old one is drained first. */
  readonly serverId: string;
  /** Another controller has to be told of its zones again. */
  readonly controllerId: string;
  readonly access: Access;
  readonly drain: DrainPolicy;
}

/** Name of the controller's NodeConfig; all others are zones. */
export const CONTROLLER = "controller";
