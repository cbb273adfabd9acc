import { EXTERNAL_NETWORK_ID } from "./fake-cloud";
import type { TestStack } from "./pulumi";
import { UNKNOWN } from "./resource-graph";

type Properties = Record<string, unknown>;

interface State {
  readonly urn: string;
  readonly type: string;
  readonly custom: boolean;
  readonly provider?: string;
  readonly inputs?: Properties;
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
}

interface Step {
  readonly urn: string;
  readonly op: string;
  readonly newState?: State;
}

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";
const kindOf = (urn: string): string => urn.split("::")[2]?.split(":").at(-1) ?? "";

/** What the cloud would have called it: `Instance-zone2`. */
const idOf = (urn: string): string => `${kindOf(urn)}-${nameOf(urn)}`;

/** `198.51.100.10` for the controller, then one for each zone. */
const addressOf = (urn: string): string =>
  `198.51.100.1${nameOf(urn).replace("controller", "0").replace("zone", "")}`;

/** What the cloud would have given for an input that the first preview does not know. */
function given(key: string, dependencies: readonly string[], image: string): string {
  const [source = ""] = dependencies;
  switch (key) {
    case "imageName":
      return image;
    case "externalNetworkId":
      return EXTERNAL_NETWORK_ID;
    case "floatingIp":
      return addressOf(source);
    default:
      return idOf(source);
  }
}

function filled(value: unknown, fill: () => string): unknown {
  if (value === UNKNOWN) {
    return fill();
  }
  if (Array.isArray(value)) {
    return value.map((item) => filled(item, fill));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, filled(item, fill)]))
    : value;
}

const PROVIDER_ID = "00000000-0000-4000-8000-000000000000";

/** A resource as an update would have left it. */
function deployed(state: State, image: string): object {
  const { urn, type, custom, provider, inputs = {}, propertyDependencies = {} } = state;
  const known = Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [
      key,
      filled(value, () => given(key, propertyDependencies[key] ?? [], image)),
    ]),
  );
  const address = type.endsWith(":FloatingIp") ? { address: addressOf(urn) } : {};
  return {
    ...state,
    inputs: known,
    ...(custom
      ? {
          id: idOf(urn),
          outputs: { ...known, ...address },
          provider: provider?.replace(UNKNOWN, PROVIDER_ID),
        }
      : {}),
  };
}

function providers(states: readonly State[]): object[] {
  const urns = new Set(
    states.flatMap(({ provider }) => provider?.replace(`::${UNKNOWN}`, "") ?? []),
  );
  return [...urns].map((urn) => {
    const settings = { version: "3.15.2", delayedAuth: "true" };
    return {
      urn,
      type: urn.split("::")[2],
      custom: true,
      id: PROVIDER_ID,
      inputs: settings,
      outputs: settings,
    };
  });
}

/**
 * Gives `stack` the state that an update with `config` would have left, without a cloud to have made
 * it in: what the first preview plans, with made-up ids and addresses.
 */
export async function pretendDeployed(
  stack: TestStack,
  config: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { stdout } = await stack.run(["preview", "--json"], config);
  const { steps } = JSON.parse(stdout) as { steps: Step[] };
  const states = steps.flatMap(({ newState }) => newState ?? []);
  await stack.importResources([
    ...providers(states),
    ...states.map((state) => deployed(state, "pbx-asterisk-22")),
  ]);
}
