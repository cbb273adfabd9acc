import type * as pulumi from "@pulumi/pulumi";
import { Zone, type ZoneArgs } from "./zone";

/** The zone `zone1`: the Asterisk server that every exchange has. */
export class PbxNode extends Zone {
  constructor(args: ZoneArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("trunkline:index:PbxNode", args, opts);
  }
}
