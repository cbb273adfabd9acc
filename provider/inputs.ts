import type { Access, ZoneHost } from "../ssh/access";
import type { FileSpec } from "../nodes/files";
import type { DrainPolicy } from "../nodes/rotation/drain-decision";

/**
 * What the program tells the provider: the inputs of its resources, plain JSON as Pulumi keeps it in
 * the stack's state. Times are in seconds.
 */

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
  /** Another server enters anew; the old one is drained first, where it is there still. */
  readonly serverId: string;
  /** Another controller has to be told of its zones again. */
  readonly controllerId: string;
  readonly access: Access;
  readonly drain: DrainPolicy;
}

/** A server of Okeanos. */
export interface OkeanosServerInputs {
  /** `controller`, `zone1`, … */
  readonly name: string;
  /** Mark of the node: nobody can come to it but its stack, whose server this is. */
  readonly owner: string;
  /** ID of the project whose quota it is taken from; the user's own where there is none. */
  readonly project?: string | undefined;
  /** ID. */
  readonly image: string;
  /** Name, or number. */
  readonly flavor: string;
  /** Its place in an internal network. */
  readonly network: { readonly id: string; readonly fixedIp: string };
  /** A public address of the project, free until now. */
  readonly publicAddress: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** In base64. Secret; read at the first boot alone. */
  readonly userData: string;
  /** Names of inputs that another server is made for, where this one could be changed as well. */
  readonly replaceOn: readonly string[];
}

/** A private network of Okeanos. */
export interface OkeanosNetworkInputs {
  /** What it is called there: nobody else's network is. */
  readonly name: string;
  /** ID of the project whose quota it is taken from; the user's own where there is none. */
  readonly project?: string | undefined;
  readonly cidr: string;
}

/** A public address of Okeanos. */
export interface OkeanosFloatingIpInputs {
  /** `controller`, `zone1`, … */
  readonly name: string;
  /** Network that it comes from: name or ID, or `public` for any. */
  readonly pool: string;
  /** ID of the project whose quota it is taken from; the user's own where there is none. */
  readonly project?: string | undefined;
  /** Whether one that the project has and nobody uses is taken before a new one is allocated. */
  readonly reuse: boolean;
  /** Addresses of the stack, which are not taken for another node even while nobody uses them. */
  readonly reserved: readonly string[];
}
