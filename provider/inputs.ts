/**
 * Inputs of the provider's resources. They are plain JSON, as in the stack's state.
 *
 * @packageDocumentation
 */

import type { FileSpec } from "../nodes/files";
import type { DrainPolicy } from "../nodes/rotation/drain-decision";
import type { Access, ZoneHost } from "../ssh/access";

export interface NodeConfigInputs {
  /** Name of the node: `controller`, `zone1`, … */
  readonly node: string;
  /** ID of the server. All files are installed on a new server. */
  readonly serverId: string;
  readonly access: Access;
  /** All zones of the exchange, including the node itself if it is a zone. */
  readonly zones: readonly ZoneHost[];
  readonly drain: DrainPolicy;
  /** Files by absolute path. */
  readonly files: Readonly<Record<string, FileSpec>>;
  /** Contents of `files` as `{ path: content }`: JSON, compressed with gzip, in base64. Secret. */
  readonly contents: string;
}

export interface ZoneMembershipInputs {
  readonly zone: ZoneHost;
  /** ID of the server. If it changes, the old server is drained if it still exists, and the new server enters. */
  readonly serverId: string;
  /** ID of the controller's server. If it changes, the zone must enter the rotation again. */
  readonly controllerId: string;
  readonly access: Access;
  readonly drain: DrainPolicy;
}

export interface OkeanosServerInputs {
  /** Name of the node: `controller`, `zone1`, … */
  readonly name: string;
  /** Tag of the node. Only the stack can compute the tag, so a server with the tag belongs to the stack. */
  readonly owner: string;
  /** ID of the project that provides the quota of the server; by default the user's own project. */
  readonly project?: string | undefined;
  /** ID of the image. */
  readonly image: string;
  /** Name or ID of the flavor. */
  readonly flavor: string;
  /** Internal network, and the server's fixed IP in this network. */
  readonly network: { readonly id: string; readonly fixedIp: string };
  readonly publicAddress: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** User data in base64. Secret. Read only at the first boot. */
  readonly userData: string;
  /** Names of inputs whose change replaces the server, even if the server could be changed in place. */
  readonly replaceOn: readonly string[];
}

export interface OkeanosNetworkInputs {
  /** Name of the network in Okeanos. No other network has this name. */
  readonly name: string;
  /** ID of the project that provides the quota of the network; by default the user's own project. */
  readonly project?: string | undefined;
  readonly cidr: string;
}

export interface OkeanosFloatingIpInputs {
  /** Name of the node: `controller`, `zone1`, … */
  readonly name: string;
  /** Name or ID of the external network, or `public` for any external network. */
  readonly pool: string;
  /** ID of the project that provides the quota of the floating IP; by default the user's own project. */
  readonly project?: string | undefined;
  /** Whether to take an unused floating IP of the project, if there is one, instead of a new one. */
  readonly reuse: boolean;
  /** Addresses of the stack's nodes. They do not count as unused, even while no server uses them. */
  readonly reserved: readonly string[];
}
