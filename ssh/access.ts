/** Name of the controller. All other nodes are zones. */
export const CONTROLLER = "controller";

/** Name, address and host key of a zone. SSH connections to zones go through the controller. */
export interface ZoneHost {
  /** `zone1`, `zone2`, … */
  readonly name: string;
  /** Fixed IP in the trunk network. */
  readonly fixedIp: string;
  /** Public host key: a line of `known_hosts` without the host, `ssh-ed25519 AAAA… zone1`. */
  readonly sshHostKey: string;
}

/** SSH access to the nodes: to the controller directly, and to each zone through the controller. */
export interface Access {
  /** Private key of the stack, in OpenSSH's format. Secret. */
  readonly privateKey: string;
  /** Public address of the controller. */
  readonly controllerAddress: string;
  /** Public host key of the controller: a line of `known_hosts` without the host. */
  readonly controllerHostKey: string;
}

export interface ExchangeNodes {
  readonly access: Access;
  readonly zones: readonly ZoneHost[];
}
