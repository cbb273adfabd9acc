import type { Stack } from "@pulumi/pulumi/automation";
import type { ExchangeNodes } from "../ssh/access";
import { CONTROLLER } from "../ssh/access";
import { accessKey } from "../plan/exchange";
import { OperatorError } from "../core/errors";
import { type ExchangeOutputs, exchangeOutputs, readStack } from "./stack";

/** What a stack says of its exchange: zones come and go. */
export interface DeployedExchange {
  readonly outputs: ExchangeOutputs;
  readonly nodes: ExchangeNodes;
}

/** The nodes of a deployed stack, and the way to them, which is secret. @throws OperatorError */
export async function exchangeNodes(stack: Stack): Promise<DeployedExchange> {
  const secret = readStack(() => stack.getConfig("pbx:masterSecret"));
  // That the stack was never deployed is the better news of two.
  secret.catch(() => undefined);
  const outputs = exchangeOutputs(await readStack(() => stack.outputs()));
  return { outputs, nodes: nodesOf(outputs, (await secret).value) };
}

/** @throws OperatorError when the outputs are those of an older Trunkline. */
export function nodesOf(outputs: ExchangeOutputs, masterSecret: string): ExchangeNodes {
  const hostKey = (node: string): string => {
    const key = outputs.sshHostKeys[node];
    if (key === undefined) {
      throw new OperatorError(
        `the stack has no host key of ${node}; deploy it again with: make up`,
      );
    }
    return key;
  };
  return {
    access: {
      privateKey: accessKey(masterSecret).privateKey,
      controllerAddress: outputs.controllerAddress,
      controllerHostKey: hostKey(CONTROLLER),
    },
    zones: outputs.zones.map(({ name, fixedIp }) => ({
      name,
      fixedIp,
      sshHostKey: hostKey(name),
    })),
  };
}
