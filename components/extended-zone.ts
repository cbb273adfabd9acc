import type * as pulumi from "@pulumi/pulumi";
import { Zone, type ZoneArgs } from "./zone";

/** Zone with the number 2 or higher: an Asterisk server that can be added and removed. */
export class ExtendedZone extends Zone {
  constructor(args: ZoneArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("trunkline:index:ExtendedZone", args, opts);
  }
}
