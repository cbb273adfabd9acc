import { OperatorError } from "../core/errors";

/** Properties of a resource in a plan. Secrets and values that are not yet known are masked. */
export type Properties = Readonly<Record<string, unknown>>;

/** Net change of one resource in a plan. */
export interface PlannedChange {
  readonly urn: string;
  /** For example `openstack:compute/instance:Instance`. */
  readonly type: string;
  readonly name: string;
  readonly action: "create" | "update" | "replace" | "delete";
  /** Properties before the change; empty if the resource did not exist. */
  readonly olds: Properties;
  /** Inputs after the change; empty if the resource is deleted. */
  readonly news: Properties;
  /** Names of the inputs that change. */
  readonly changed: readonly string[];
  /**
   * URNs of the resources that this resource depends on before the change. Pulumi deletes this resource before them.
   */
  readonly dependencies: readonly string[];
}

/** Plan of an update, from the output of `pulumi preview --json`. */
export interface Plan {
  readonly changes: readonly PlannedChange[];
  /** Outputs of the stack after its last deployment. */
  readonly outputs: Properties;
  /** URNs of all resources before the update; null if the plan lists no unchanged resource. */
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
 * Returns the net action of the steps of one resource; undefined if they change nothing.
 *
 * Without `--show-replacement-steps`, a replacement is the single step `replace`, which counts as a complete
 * replacement. With this option, a replacement has up to three steps, which show whether an interrupted update already
 * deleted the old resource.
 */
function actionOf(steps: readonly Step[]): PlannedChange["action"] | undefined {
  const has = (...ops: string[]): boolean => steps.some(({ op }) => ops.includes(op));
  const creates = has("create", "create-replacement", "import", "import-replacement");
  const deletes = has("delete", "delete-replaced") || (has("replace") && !creates);
  if (deletes || creates) {
    return has("replace") && deletes ? "replace" : deletes ? "delete" : "create";
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
      // Outputs override inputs, because the outputs contain the values that a refresh found.
      olds: { ...old?.inputs, ...old?.outputs },
      news: action === "delete" ? {} : (next?.inputs ?? {}),
      // Keeps only the name of the input: `fixedIps` of `fixedIps[0].ipAddress`.
      changed: [...new Set(paths.map((path) => path.split(/[.[]/)[0] ?? ""))],
      dependencies: old?.dependencies ?? [],
    },
  ];
}

/** Operations of steps whose resource does not exist before the update. */
const CREATIONS = ["create", "import"];

const NO_PLAN = "not a Pulumi plan; create one with: pulumi preview --json";

function parse(json: string): Digest {
  try {
    return JSON.parse(json) as Digest;
  } catch {
    throw new OperatorError(NO_PLAN);
  }
}

/** Parses the output of `pulumi preview --json`. @throws OperatorError if `json` is no plan or the preview failed */
export function readPlan(json: string): Plan {
  const { steps, diagnostics = [] } = parse(json);
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  if (errors.length > 0) {
    const messages = errors.map(({ message }) => message.replace(/^error: /, "").trim());
    throw new OperatorError(`no plan, because the preview failed: ${messages.join("\n")}`);
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
      ? new Set(steps.filter(({ op }) => !CREATIONS.includes(op)).map(({ urn }) => urn))
      : null,
  };
}
