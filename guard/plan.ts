import { OperatorError } from "../core/errors";

/** Properties of a resource as a plan shows them: secrets and what is still to come are masked. */
export type Properties = Readonly<Record<string, unknown>>;

/** What a plan does to one resource in all. */
export interface PlannedChange {
  readonly urn: string;
  /** `openstack:compute/instance:Instance`. */
  readonly type: string;
  readonly name: string;
  readonly action: "create" | "update" | "replace" | "delete";
  /** Before; empty where there was none. */
  readonly olds: Properties;
  /** After; empty where there will be none. */
  readonly news: Properties;
  /** Inputs that an update changes. */
  readonly changed: readonly string[];
  /** URNs of what the resource was made from, and so is deleted before. */
  readonly dependencies: readonly string[];
}

/** What `pulumi preview --json` says. */
export interface Plan {
  readonly changes: readonly PlannedChange[];
  /** Outputs of the stack as it was deployed last. */
  readonly outputs: Properties;
  /** URNs of all that there was before; null where the plan does not tell of what stays as it is. */
  readonly known: ReadonlySet<string> | null;
}

interface State {
  readonly inputs?: Properties;
  readonly outputs?: Properties;
  readonly dependencies?: readonly string[];
}

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: State;
  readonly newState?: State;
  readonly diffReasons?: readonly string[] | null;
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

interface Digest {
  readonly steps?: readonly Step[];
  readonly diagnostics?: readonly { readonly severity: string; readonly message: string }[];
}

/**
 * A replacement is one step, `replace`, or with `--show-replacement-steps` three. Only the three tell
 * one that an update was interrupted in, after the deletion: where they are missing, it is taken for a
 * whole one.
 */
function actionOf(steps: readonly Step[]): PlannedChange["action"] | undefined {
  const has = (...ops: string[]): boolean => steps.some(({ op }) => ops.includes(op));
  const comes = has("create", "create-replacement", "import", "import-replacement");
  const goes = has("delete", "delete-replaced") || (has("replace") && !comes);
  if (goes || comes) {
    return has("replace") && goes ? "replace" : goes ? "delete" : "create";
  }
  return has("update") ? "update" : undefined;
}

function changeOf(urn: string, steps: readonly Step[]): PlannedChange[] {
  const action = actionOf(steps);
  if (action === undefined) {
    return [];
  }
  const [, , types = "", ...name] = urn.split("::");
  const old = steps.find(({ oldState }) => oldState !== undefined)?.oldState;
  const next = steps.find(({ newState }) => newState !== undefined)?.newState;
  const paths = steps.flatMap(({ detailedDiff, diffReasons }) =>
    Object.keys(detailedDiff ?? {}).concat(diffReasons ?? []),
  );
  return [
    {
      urn,
      type: types.split("$").at(-1) ?? "",
      name: name.join("::"),
      action,
      // What a refresh found is in the outputs.
      olds: { ...old?.inputs, ...old?.outputs },
      news: action === "delete" ? {} : (next?.inputs ?? {}),
      // `fixedIps[0].ipAddress` is a part of `fixedIps`.
      changed: [...new Set(paths.map((path) => path.split(/[.[]/)[0] ?? ""))],
      dependencies: old?.dependencies ?? [],
    },
  ];
}

/** What a plan says of something that was not there before. */
const COMES = ["create", "import"];

const NO_PLAN = "this is no plan; make one with: pulumi preview --json";

function parse(json: string): Digest {
  try {
    return JSON.parse(json) as Digest;
  } catch {
    throw new OperatorError(NO_PLAN);
  }
}

/** Reads what `pulumi preview --json` printed. @throws OperatorError where that is no plan. */
export function readPlan(json: string): Plan {
  const { steps, diagnostics = [] } = parse(json);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    const messages = errors.map(({ message }) => message.replace(/^error: /, "").trim());
    throw new OperatorError(`there is no plan, the preview failed: ${messages.join("\n")}`);
  }
  if (steps === undefined) {
    throw new OperatorError(NO_PLAN);
  }
  const byUrn = new Map<string, Step[]>();
  for (const step of steps) {
    byUrn.set(step.urn, [...(byUrn.get(step.urn) ?? []), step]);
  }
  const stack = steps.find(({ urn }) => urn.includes("::pulumi:pulumi:Stack::"));
  return {
    changes: [...byUrn].flatMap(([urn, steps]) => changeOf(urn, steps)),
    outputs: stack?.oldState?.outputs ?? {},
    known: steps.some((step) => step.op === "same" && step !== stack)
      ? new Set(steps.filter(({ op }) => !COMES.includes(op)).map(({ urn }) => urn))
      : null,
  };
}
