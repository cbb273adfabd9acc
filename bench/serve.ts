import { join } from "node:path";
import type { Exchange, ZoneKind } from "../tests/calls/support/exchange";

/** An exchange that another program measures. */
export interface Served {
  readonly controllerAddress: string;
  /** Network namespace of the phones, and their address. */
  readonly namespace: string;
  readonly address: string;
  readonly accounts: readonly { readonly extension: string; readonly secret: string }[];
}

interface Support {
  readonly Exchange: typeof Exchange;
  readonly PJSIP_22: ZoneKind;
}

/** More than a round registers: two of them call. */
const USERS = [{ range: "1000-3009" }];
/** Far above what is measured. */
const LIMITS = {
  connectionsPerSource: 10_000,
  connectionsPerUnknownSource: 10_000,
  connectionRate: 10_000,
  bytesPerSecond: 100_000_000,
  callsPerMinute: 6_000,
};

/**
 * Starts an exchange of two zones from the files of a clone, prints where it is, and keeps it until standard
 * input ends. Arguments: the folder of the clone.
 */
async function main(clone: string): Promise<void> {
  const support = (await import(join(clone, "tests/calls/support/exchange"))) as Support;
  const start = (configuration: Record<string, unknown>): Promise<Exchange> =>
    support.Exchange.start({ zones: [support.PJSIP_22, support.PJSIP_22], configuration });
  // Former commits have no limits.
  const exchange = await start({ users: USERS, limits: LIMITS }).catch((error: unknown) => {
    if (!String(error).includes("limits")) throw error;
    return start({ users: USERS });
  });
  const served: Served = {
    controllerAddress: exchange.controllerAddress,
    namespace: exchange.network.namespace("office1"),
    address: "198.51.100.200",
    accounts: exchange.plan.users.map(({ extension, secret }) => ({ extension, secret })),
  };
  process.stdout.write(`${JSON.stringify(served)}\n`);
  process.stdin.resume();
  process.stdin.once("end", () => void exchange.close());
}

void main(process.argv[2] ?? "");
