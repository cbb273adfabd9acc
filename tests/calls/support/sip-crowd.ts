import { join } from "node:path";
import { run } from "../../../phones/child-process";

/** SIP clients that `sip-crowd.py` runs. A source is an address of the namespace in which `sip-crowd.py` runs. */
export interface CrowdJobs {
  readonly idle?: readonly { readonly source: string; readonly connections: number }[];
  readonly guess?: readonly {
    readonly source: string;
    readonly accounts: readonly string[];
    readonly guesses: number;
    /** Number of connections; 0 for a new connection for each guess. */
    readonly connections: number;
    /** Nonce to use instead of the server's nonce. */
    readonly nonce?: string;
    /** Seconds until the first guess. */
    readonly after: number;
  }[];
  readonly register?: readonly {
    readonly source: string;
    readonly account: string;
    readonly password: string;
    /** Seconds until the first registration. */
    readonly after: number;
    /** Seconds from a successful registration to the next one. */
    readonly every: number;
  }[];
}

/** Results of `sip-crowd.py`, in the order of the jobs. */
export interface CrowdResults {
  /** Number of connections that were opened, and number that the exchange has closed without a reset. */
  readonly idle: readonly { readonly opened: number; readonly shut: number }[];
  readonly guess: readonly {
    readonly tried: number;
    /** Number of guesses that a zone has answered. */
    readonly answered: number;
  }[];
  readonly register: readonly { readonly tried: number; readonly failed: readonly string[] }[];
}

/** Runs many SIP clients in `namespace` for `seconds`. @param server address of the controller. */
export async function sipCrowd(
  namespace: string,
  server: string,
  seconds: number,
  jobs: CrowdJobs,
): Promise<CrowdResults> {
  const input = JSON.stringify({ server, seconds, ...jobs });
  const output = await run(["python3", join(__dirname, "sip-crowd.py")], { namespace, input });
  return JSON.parse(output) as CrowdResults;
}
