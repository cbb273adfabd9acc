import * as pulumi from "@pulumi/pulumi";
import type { Exchange } from "../plan/exchange";
import type { Balance } from "../templates/context";
import { controllerUserData } from "./bootstrap";
import { Node, type ServerArgs } from "./node";

export interface HaproxyControllerArgs extends ServerArgs {
  readonly exchange: Exchange;
  readonly balance: Balance;
}

/** The one address that phones know: HAProxy spreads their connections over the zones. */
export class HaproxyController extends Node {
  constructor(
    { exchange, balance, ...server }: HaproxyControllerArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super(
      "trunkline:index:HaproxyController",
      {
        ...server,
        plan: exchange.controller,
        userData: () => pulumi.secret(controllerUserData(exchange, balance)),
      },
      opts,
    );
  }
}
