import * as pulumi from "@pulumi/pulumi";
import type { ZoneMembershipInputs } from "../../provider/inputs";
import type { Access } from "../../ssh/access";
import { type Inputs, secretAccess } from "./node-config";

export type ZoneMembershipArgs = Inputs<Omit<ZoneMembershipInputs, "access">> & {
  readonly access: Inputs<Access>;
};

/**
 * Membership of a zone in the rotation. The creation waits until the zone is ready for service. The deletion drains the
 * zone, before the zone's server is deleted. Implemented in `provider/`.
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
