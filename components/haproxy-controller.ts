import * as pulumi from "@pulumi/pulumi";
import { type ExchangeArgs, Node, type NodeServerArgs } from "./node";
import { controllerFiles, type HaproxySettings } from "./node-files";

export interface HaproxyControllerArgs extends ExchangeArgs, NodeServerArgs {
  readonly haproxy: HaproxySettings;
}

/** Node with HAProxy, which distributes phones over the zones. Phones register at the address of this node. */
export class HaproxyController extends Node {
  constructor(
    { haproxy, ...args }: HaproxyControllerArgs,
    opts: pulumi.ComponentResourceOptions = {},
  ) {
    super(
      "trunkline:index:HaproxyController",
      {
        ...args,
        plan: args.exchange.controller,
        role: "controller",
        files: (exchange) => pulumi.output(controllerFiles(exchange, haproxy)),
      },
      opts,
    );
    this.registerOutputs({ address: this.address, fixedIp: this.fixedIp });
  }
}
