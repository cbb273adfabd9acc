import type { Stack } from "@pulumi/pulumi/automation";
import type { Nodes } from "../autoscaler/metrics";
import { accessKey } from "../plan/exchange";
import { CONTROLLER } from "../provider/inputs";
import { Fault } from "./command";
import { type ExchangeOutputs, exchangeOutputs, pulumiFault } from "./stack";

/** The nodes of a deployed stack, and the way to them, which is secret. */
export async function exchangeNodes(
  stack: Stack,
): Promise<{ readonly nodes: Nodes; readonly outputs: ExchangeOutputs }> {
  try {
    const [found, { value: masterSecret }] = await Promise.all([
      stack.outputs(),
      stack.getConfig("pbx:masterSecret"),
    ]);
    const outputs = exchangeOutputs(found);
    return { outputs, nodes: nodesOf(outputs, masterSecret) };
  } catch (error) {
    throw pulumiFault(error);
  }
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
