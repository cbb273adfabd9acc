import * as pulumi from "@pulumi/pulumi";

/**
 * This project's own provider (`provider/`), which serves NodeConfig and ZoneMembership. Explicit, since
 * Pulumi would configure one of its own making with all keys of the stack that begin with the
 * package's name: with the master secret and all users.
 */
export class PbxProvider extends pulumi.ProviderResource {
  constructor(name: string, opts: pulumi.ResourceOptions = {}) {
    super("pbx", name, {}, opts);
  }
}
