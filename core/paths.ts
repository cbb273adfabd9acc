import { join } from "node:path";

/** Root directory of the clone. */
export const ROOT = join(__dirname, "..");

/** Directory of local files that are never committed, such as stack state, passphrase and the operator's key. */
export const LOCAL = join(ROOT, ".trunkline");

const labState = process.env.LAB_STATE ?? "";

/** Directory of the lab cloud. It contains the `clouds.yaml` of the lab cloud. */
export const LAB_STATE = labState === "" ? "/var/lib/trunkline-lab" : labState;

/** Returns the path of the file in which a stack's autoscaler stores its state between two measurements. */
export const autoscalerMemory = (stack: string): string =>
  join(LOCAL, "autoscale", `${stack}.json`);

/** Returns the path of the decision log of a stack's autoscaler. The log has one line of JSON for each decision. */
export const decisionLog = (stack: string): string =>
  join(LOCAL, "autoscale", `${stack}.decisions.jsonl`);
