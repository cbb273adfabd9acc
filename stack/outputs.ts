import type { OutputMap } from "@pulumi/pulumi/automation";
import { OperatorError } from "../core/errors";

/** Outputs of a stack that other programs may use. */
export interface ExchangeOutputs {
  readonly controllerAddress: string;
  readonly zones: readonly {
    readonly name: string;
    readonly address: string;
    readonly fixedIp: string;
  }[];
  readonly sipAccounts: readonly {
    readonly extension: string;
    readonly secret: string;
    readonly server: string;
    readonly transport: string;
  }[];
  /** Public host key of each node, by name of the node. */
  readonly sshHostKeys: Readonly<Record<string, string>>;
}

/** Returns the outputs of a stack. @throws OperatorError if one is missing, because no update has succeeded yet */
export function exchangeOutputs(outputs: OutputMap): ExchangeOutputs {
  const value = (name: string): unknown => {
    const output = outputs[name];
    if (output === undefined) {
      throw new OperatorError(`the stack has no output ${name}; deploy it with: make up`);
    }
    return output.value;
  };
  return {
    controllerAddress: value("controllerAddress") as string,
    zones: value("zones") as ExchangeOutputs["zones"],
    sipAccounts: value("sipAccounts") as ExchangeOutputs["sipAccounts"],
    sshHostKeys: value("sshHostKeys") as ExchangeOutputs["sshHostKeys"],
  };
}
