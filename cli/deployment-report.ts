import { SIP_PORT } from "../core/ports";
import type { ExchangeOutputs } from "../stack/outputs";
import { type CallProof, MAX_JITTER_MS, MAX_LOSS_PERCENT } from "./prove";
import { table } from "./terminal";

export function printReport(
  stack: string,
  outputs: ExchangeOutputs,
  proof: CallProof,
  seconds: { readonly deployed: number; readonly total: number },
): void {
  const { controllerAddress, zones, sipAccounts } = outputs;
  console.log(
    `\n${table(
      [
        [
          "controller",
          controllerAddress,
          `SIP over TCP, port ${String(SIP_PORT)}: where phones register`,
        ],
        ...zones.map(({ name, address, fixedIp }) => [
          name,
          address,
          `${fixedIp} in the trunk network`,
        ]),
      ],
      ["node", "public address", ""],
    )}`,
  );
  console.log(
    table(
      proof.sides.map(({ extension, zone, heard }) => [
        `${extension} in ${zone}`,
        String(heard.packetsSent),
        String(heard.packetsReceived),
        `${heard.lossPercent.toFixed(2)} % (limit ${String(MAX_LOSS_PERCENT)} %)`,
        `${heard.jitterMs.toFixed(1)} ms (limit ${String(MAX_JITTER_MS)} ms)`,
      ]),
      ["receiving phone", "packets sent to it", "received", "lost", "jitter"],
    ),
  );
  console.log(`\nCall of ${proof.seconds.toFixed(0)} s, set up in ${proof.setupMs.toFixed(0)} ms.`);
  console.log(
    `Deployed after ${seconds.deployed.toFixed(0)} s, call tested after ${seconds.total.toFixed(0)} s.`,
  );
  console.log(
    `\n${String(sipAccounts.length)} SIP accounts, with their passwords:\n` +
      `  eval "$(make -s env)"; pulumi stack output sipAccounts --show-secrets --stack ${stack}`,
  );
}
