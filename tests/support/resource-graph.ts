/** A planned resource without values that differ from run to run. */
export interface GraphNode {
  /** Type token, such as `openstack:networking/port:Port`. */
  readonly type: string;
  readonly name: string;
  /** Type and name of the parent, such as `ExtendedZone zone2`; null at the top level. */
  readonly parent: string | null;
  readonly inputs: unknown;
}

interface Step {
  readonly urn: string;
  readonly newState: {
    readonly type: string;
    readonly parent?: string;
    readonly inputs?: unknown;
  };
}

/** Pulumi's placeholder for a value that is known only after an update. */
export const UNKNOWN_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Matches the random suffix of a name that Pulumi generates if the program gives none, such as `trunk-1a2b3c4`. */
const RANDOM_SUFFIX = /-[0-9a-f]{7}$/;

function stable(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(stable);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== "__defaults")
        .sort(([a], [b]) => (a < b ? -1 : 1))
        // Hides the digest: it changes with the rendered files, which have their own golden files.
        .map(([key, entry]) => [key, key === "digest" ? "(digest)" : stable(entry)]),
    );
  }
  if (typeof value === "string") {
    return value === UNKNOWN_VALUE ? "(unknown)" : value.replace(RANDOM_SUFFIX, "-(random)");
  }
  return value;
}

const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

function labelOf(urn: string): string {
  const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
  return `${type.split(":").at(-1) ?? ""} ${nameOf(urn)}`;
}

/** Returns the resources in a plan of `pulumi preview --json`, except providers, sorted by parent, type and name. */
export function resourceGraph(json: string): GraphNode[] {
  const { steps } = JSON.parse(json) as { steps: Step[] };
  return steps
    .filter(({ newState }) => !newState.type.startsWith("pulumi:"))
    .map(({ urn, newState: { type, parent = "", inputs = {} } }) => ({
      type,
      name: nameOf(urn),
      parent: parent === "" || labelOf(parent).startsWith("Stack ") ? null : labelOf(parent),
      inputs: stable(inputs),
    }))
    .sort((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}

const sortKey = ({ parent, type, name }: GraphNode): string =>
  [parent ?? "", type, name].join("\n");
