/** Name of the controller; every other node is a zone. */
export const CONTROLLER = "controller";

/** A zone as the controller reaches it in the trunk network. */
export interface ZoneHost {
  /** `zone1`, `zone2`, … */
  readonly name: string;
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

/** The nodes of a deployed exchange. */
export interface ExchangeNodes {
  readonly access: Access;
  readonly zones: readonly ZoneHost[];
}
