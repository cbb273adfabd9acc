import type { Stack } from "@pulumi/pulumi/automation";
import type { Nodes } from "../autoscaler/metrics";
import { accessKey } from "../plan/exchange";
import { CONTROLLER } from "../provider/inputs";
import { Fault } from "./command";
import { type ExchangeOutputs, exchangeOutputs, askPulumi } from "./stack";

/** What a stack says of its exchange: zones come and go. */
export interface Exchange {
  readonly outputs: ExchangeOutputs;
  readonly nodes: Nodes;
}

/** The nodes of a deployed stack, and the way to them, which is secret. @throws Fault */
export async function exchangeNodes(stack: Stack): Promise<Exchange> {
  const secret = askPulumi(() => stack.getConfig("pbx:masterSecret"));
  // That the stack was never deployed is the better news of two.
  secret.catch(() => undefined);
  const outputs = exchangeOutputs(await askPulumi(() => stack.outputs()));
  return { outputs, nodes: nodesOf(outputs, (await secret).value) };
}

/** @throws Fault when the outputs are those of an older Trunkline. */
export function nodesOf(outputs: ExchangeOutputs, masterSecret: string): Nodes {
  const hostKey = (node: string): string => {
    const key = outputs.sshHostKeys[node];
    if (key === undefined) {
      throw new Fault(`the stack has no host key of ${node}; deploy it again with: make up`);
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
