import * as pulumi from "@pulumi/pulumi";
import type {
  OkeanosFloatingIpInputs,
  OkeanosNetworkInputs,
  OkeanosServerInputs,
} from "../../provider/inputs";
import type { Inputs } from "./node-config";

/** Public address of Okeanos. Implemented in `provider/`. */
export class OkeanosFloatingIp extends pulumi.CustomResource {
  declare readonly address: pulumi.Output<string>;

  constructor(
    name: string,
    args: Inputs<OkeanosFloatingIpInputs>,
    opts: pulumi.CustomResourceOptions = {},
  ) {
    super("pbx:okeanos:FloatingIp", name, { ...args, address: undefined, found: undefined }, opts);
  }
}

/** Private network of Okeanos with its subnet. Implemented in `provider/`. */
export class OkeanosNetwork extends pulumi.CustomResource {
  declare readonly subnetId: pulumi.Output<string>;

  constructor(
    name: string,
    args: Inputs<OkeanosNetworkInputs>,
    opts: pulumi.CustomResourceOptions = {},
  ) {
    super("pbx:okeanos:Network", name, { ...args, subnetId: undefined }, opts);
  }
}

/** Server of Okeanos with its addresses. Implemented in `provider/`. */
export class OkeanosServer extends pulumi.CustomResource {
  constructor(
    name: string,
    args: Inputs<OkeanosServerInputs>,
    opts: pulumi.CustomResourceOptions = {},
  ) {
    const secrets = { userData: pulumi.secret(args.userData) };
    super(
      "pbx:okeanos:Server",
      name,
      { ...args, ...secrets },
      { ...opts, additionalSecretOutputs: Object.keys(secrets) },
    );
  }
}
