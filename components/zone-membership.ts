import * as pulumi from "@pulumi/pulumi";
import type { Access } from "../ssh/access";
import type { ZoneMembershipInputs } from "../provider/inputs";
import { type Inputs, secretAccess } from "./node-config";

export type ZoneMembershipArgs = Inputs<Omit<ZoneMembershipInputs, "access">> & {
  readonly access: Inputs<Access>;
};

/**
 * A zone's place in the rotation: made when the zone is ready to serve; deleted, which is before its
 * server is, when the zone has no calls any more. Served by `provider/`.
 */
export class ZoneMembership extends pulumi.CustomResource {
  constructor(name: string, args: ZoneMembershipArgs, opts: pulumi.CustomResourceOptions = {}) {
    super(
      "pbx:index:ZoneMembership",
      name,
      { ...args, access: secretAccess(args.access) },
      { ...opts, additionalSecretOutputs: ["access"] },
    );
  }
}
