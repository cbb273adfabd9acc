import type * as pulumi from "@pulumi/pulumi";
import { Zone, type ZoneArgs } from "./zone";

/** zone2 and up: an Asterisk server that comes and goes with the load. */
export class ExtendedZone extends Zone {
  constructor(args: ZoneArgs, opts: pulumi.ComponentResourceOptions = {}) {
    super("trunkline:index:ExtendedZone", args, opts);
  }
}
