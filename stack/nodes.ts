import type { Stack } from "@pulumi/pulumi/automation";
import { OperatorError } from "../core/errors";
import { accessKey } from "../plan/exchange-plan";
import { CONTROLLER, type ExchangeNodes } from "../ssh/access";
import { type ExchangeOutputs, exchangeOutputs } from "./outputs";
import { askPulumi } from "./state";

/** An exchange as the outputs of its stack describe it. Zones may be added or removed later. */
export interface DeployedExchange {
  readonly outputs: ExchangeOutputs;
  readonly nodes: ExchangeNodes;
}

/** Returns the outputs and the nodes of a stack. @throws OperatorError if no update of the stack has succeeded yet */
export async function exchangeNodes(stack: Stack): Promise<DeployedExchange> {
  const secret = askPulumi(() => stack.getConfig("pbx:masterSecret"));
  // If the secret and the outputs are missing, the stack was never deployed. Only the outputs' error is then reported.
  secret.catch(() => undefined);
  const outputs = exchangeOutputs(await askPulumi(() => stack.outputs()));
  return { outputs, nodes: nodesOf(outputs, (await secret).value) };
}

/**
 * Returns the nodes that the outputs describe.
 *
 * @param masterSecret secret from which the private key for SSH access is derived.
 * @throws OperatorError if a host key is missing, because an older version of Trunkline wrote the outputs.
 */
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
