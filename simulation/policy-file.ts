import { parse } from "yaml";
import { policyOf, type Policy } from "../autoscaler/policy";
import { autoscaleFaults, autoscaleSchema } from "../config/autoscale-schema";
import { plainValues } from "../config/plain-values";
import { OperatorError } from "../core/errors";

/** Hourly prices of the controller and of a zone. */
export interface Prices {
  readonly controller: number;
  readonly zone: number;
}

export interface PricedPolicy {
  readonly policy: Policy;
  /** Null if a flavor in use has no price. */
  readonly prices: Prices | null;
}

/**
 * Reads the policy from the text of a stack's configuration file (`Pulumi.NAME.yaml`).
 *
 * @throws OperatorError that names `file` and what is wrong in it.
 */
export function parsePolicy(text: string, file: string): PricedPolicy {
  const config = configOf(text, file);
  const raw = structured(config["pbx:autoscale"]);
  if (raw === undefined) {
    throw new OperatorError(
      `${file} has no pbx:autoscale; add one such as { max: 4, callsPerZone: 80 }`,
    );
  }
  const flavor = textOf(config["pbx:flavor"]) ?? "";
  const controllerFlavor = textOf(config["pbx:controllerFlavor"]) ?? flavor;
  const { success, data: autoscale, error } = autoscaleSchema.safeParse(raw);
  const faults = success
    ? autoscaleFaults(autoscale, {
        flavor,
        controllerFlavor,
        trunkCidr: undefined,
        capacity: undefined,
      })
    : error.issues.map(
        ({ path, message }) => `${["pbx:autoscale", ...path.map(String)].join(".")} ${message}`,
      );
  if (!success || faults.length > 0) {
    throw new OperatorError(faults.map((fault) => `${file}: ${fault}`).join("\n"));
  }
  const policy = policyOf({ autoscale, flavor, controllerFlavor });
  const { [flavor]: zone, [controllerFlavor]: controller } = autoscale.prices;
  const priced = zone !== undefined && controller !== undefined;
  return { policy, prices: priced ? { controller, zone } : null };
}

/** Parses a text as JSON, because `pulumi config set` writes the value as JSON text. Returns other values unchanged. */
const structured = (value: unknown): unknown =>
  typeof value === "string" ? plainValues({ "pbx:autoscale": value }).autoscale : value;

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;

function configOf(text: string, file: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = parse(text);
  } catch (error) {
    const [fault = ""] = (error as Error).message.split("\n");
    throw new OperatorError(`${file} is not YAML: ${fault}`);
  }
  const { config } = (parsed ?? {}) as { readonly config?: Readonly<Record<string, unknown>> };
  return config ?? {};
}
