import * as pulumi from "@pulumi/pulumi";
import type { OkeanosFloatingIpInputs } from "../provider/inputs";
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
