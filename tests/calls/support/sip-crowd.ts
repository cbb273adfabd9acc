import { join } from "node:path";
import { run } from "../../../phones/command";

/** What `sip-crowd.py` takes. A source is an address of the namespace that it runs in. */
export interface CrowdJobs {
  readonly idle?: readonly { readonly source: string; readonly connections: number }[];
  readonly guess?: readonly {
    readonly source: string;
    readonly accounts: readonly string[];
    readonly guesses: number;
    /** 0 for a new connection for each guess. */
    readonly connections: number;
    /** What to answer to instead of what the server has asked. */
    readonly nonce?: string;
    /** Seconds. */
    readonly after: number;
  }[];
  readonly register?: readonly {
    readonly source: string;
    readonly account: string;
    readonly password: string;
    /** Seconds. */
    readonly after: number;
    readonly every: number;
  }[];
}

/** What it found, in the order of the jobs. */
export interface CrowdResults {
  readonly idle: readonly { readonly opened: number; readonly shut: number }[];
  readonly guess: readonly {
    readonly tried: number;
    /** Guesses that a zone has judged. */
    readonly answered: number;
    /** From the first of these to the last. */
    readonly seconds: number;
  }[];
  readonly register: readonly { readonly tried: number; readonly failed: readonly string[] }[];
}

/** Runs many SIP clients of `namespace` for so many seconds. */
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
