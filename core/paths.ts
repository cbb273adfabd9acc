import { join } from "node:path";

/** The clone. */
export const ROOT = join(__dirname, "..");

/** What belongs to this clone alone and to no commit: stack state, pass phrase, operator's key. */
export const LOCAL = join(ROOT, ".trunkline");

/** Directory of the lab cloud, which hands over its `clouds.yaml` there. */
export const LAB_STATE = process.env.LAB_STATE ?? "/var/lib/trunkline-lab";

/** What the autoscaler of a stack remembers from one look to the next. */
export const autoscalerMemory = (stack: string): string =>
  join(LOCAL, "autoscale", `${stack}.json`);

/** What it has decided: a line of JSON for each decision. Autoscalers do not write into one file. */
export const decisionLog = (stack: string): string =>
  join(LOCAL, "autoscale", `${stack}.decisions.jsonl`);
