import * as pulumi from "@pulumi/pulumi";

/**
 * This project's own provider (`provider/`), which implements the resources of type `pbx:*`. The provider is explicit,
 * because Pulumi would configure a default provider with all keys that start with the package's name, including the
 * master secret and all users.
 */
export class PbxProvider extends pulumi.ProviderResource {
  constructor(name: string, opts: pulumi.ResourceOptions = {}) {
    super("pbx", name, {}, opts);
  }
}
