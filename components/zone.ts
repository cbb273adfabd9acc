import * as pulumi from "@pulumi/pulumi";
import type { Exchange, ZonePlan } from "../plan/exchange";
import { zoneUserData } from "./bootstrap";
import { Node, type ServerArgs } from "./node";

export interface ZoneArgs extends ServerArgs {
  readonly exchange: Exchange;
  readonly plan: ZonePlan;
  /** Public address of the controller, which Asterisk names in every Contact. */
  readonly controllerAddress: pulumi.Output<string>;
}

/** A server with Asterisk, whose users are those of every other zone. */
export abstract class Zone extends Node {
  protected constructor(
    type: string,
    { exchange, plan, controllerAddress, ...server }: ZoneArgs,
    opts: pulumi.ComponentResourceOptions,
  ) {
    super(
      type,
      {
        ...server,
        plan,
        userData: (address) =>
          pulumi.secret(
            pulumi
              .all([controllerAddress, address])
              .apply(([controllerPublic, own]) =>
                zoneUserData(exchange, plan, { controllerAddress: controllerPublic, address: own }),
              ),
          ),
      },
      opts,
    );
  }
}
