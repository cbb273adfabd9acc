import { join } from "node:path";
import type { Exchange, ZoneKind } from "../tests/calls/support/exchange";

/** Description of a running exchange, for registrations.ts, which measures the exchange. */
export interface Served {
  readonly controllerAddress: string;
  /** Network namespace of the phones. */
  readonly namespace: string;
  /** Address of the phones. */
  readonly address: string;
  readonly accounts: readonly { readonly extension: string; readonly secret: string }[];
}

/** Names of two kinds of zones that tests/calls/support/exchange.ts of a clone exports: one for each SIP driver. */
export const KIND_NAMES = ["PJSIP_22", "CHAN_SIP_16"] as const;
export type Kind = (typeof KIND_NAMES)[number];

type Support = { readonly Exchange: typeof Exchange } & Readonly<Record<Kind, ZoneKind>>;

/** Users of the exchange. A round registers the first 2,000 users. Calls are between two of the other users. */
const USERS = [{ range: "1000-3199" }];
/** Limits far above the measured load. */
const LIMITS = {
  connectionsPerSource: 10_000,
  connectionsPerUnknownSource: 10_000,
  connectionRate: 10_000,
  bytesPerSecond: 100_000_000,
  callsPerMinute: 6_000,
};

/**
 * Starts an exchange with two zones from the files of a clone, prints its {@link Served} as JSON, and runs it until
 * standard input ends.
 *
 * @param clone directory of the clone.
 * @param kind kind of both zones.
 */
async function main(clone: string, kind: Kind): Promise<void> {
  const support = (await import(join(clone, "tests/calls/support/exchange"))) as Support;
  const start = (configuration: Record<string, unknown>): Promise<Exchange> =>
    support.Exchange.start({ zones: [support[kind], support[kind]], configuration });
  // In early commits, the configuration has no key for limits. The exchange of such a commit starts without limits.
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

if (require.main === module) {
  const [, , clone = "", kind = ""] = process.argv;
  void main(clone, KIND_NAMES.find((each) => each === kind) ?? "PJSIP_22");
}
