import type * as pulumi from "@pulumi/pulumi";
import { Zone, type ZoneArgs } from "./zone";

/** Zone from zone2 on: an Asterisk server that is added and removed with the load. */
export class ExtendedZone extends Zone {
  constructor(args: ZoneArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("trunkline:index:ExtendedZone", args, opts);
  }
}
