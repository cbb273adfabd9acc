import { createHash } from "node:crypto";
import { planExchange } from "../../plan/exchange-plan";
import { EXTERNAL_NETWORK_ID, IMAGE_ID } from "./fake-cloud";
import type { TestStack } from "./pulumi";
import { UNKNOWN_VALUE } from "./resource-graph";
import { STACK, settingsWith } from "./settings";

type Properties = Readonly<Record<string, unknown>>;

/** A resource in a preview or in the state of a stack. */
interface State {
  readonly urn: string;
  readonly type: string;
  /** ID in the cloud, if the resource has one. */
  readonly id?: string;
  readonly custom: boolean;
  readonly provider?: string;
  readonly inputs?: Properties;
  readonly outputs?: Properties;
  readonly propertyDependencies?: Readonly<Record<string, readonly string[]>>;
}

interface Step {
  readonly op: string;
  readonly newState?: State;
}

const nameOf = (urn: string): string => urn.split("::").at(-1) ?? "";
const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";

/** Returns a made-up ID in the cloud, such as `Instance-zone2`. */
const idOf = (urn: string): string => `${typeOf(urn).split(":").at(-1) ?? ""}-${nameOf(urn)}`;

/** Returns `198.51.100.10` for the controller, `198.51.100.11` for zone1, and so on. */
const addressOf = (urn: string): string =>
  `198.51.100.1${nameOf(urn).replace("controller", "0").replace("zone", "")}`;

/** Returns a made-up value from the cloud for an input that is unknown in the first preview. */
function given(key: string, [source = ""]: readonly string[]): unknown {
  switch (key) {
    case "imageId":
      return IMAGE_ID;
    case "externalNetworkId":
      return EXTERNAL_NETWORK_ID;
    case "floatingIp":
    case "access":
      return addressOf(source);
    case "files":
      return {};
    default:
      return idOf(source);
  }
}

/** Returns `value` with each string in it that equals `text` replaced. */
function replaced(value: unknown, text: string, replacement: () => unknown): unknown {
  if (value === text) {
    return replacement();
  }
  if (Array.isArray(value)) {
    return value.map((item) => replaced(item, text, replacement));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(
        Object.entries(value).map(([key, item]) => [key, replaced(item, text, replacement)]),
      )
    : value;
}

const sha1 = (text: string): string => createHash("sha1").update(text).digest("hex");

const PROVIDER_ID = "00000000-0000-4000-8000-000000000000";

/** Returns a planned resource as a stack's state has it after an update, with made-up values from the cloud. */
function made(state: State, privateKey: string): State {
  const { urn, type, custom, provider, inputs = {}, propertyDependencies = {} } = state;
  const known = Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => [
      key,
      replaced(value, UNKNOWN_VALUE, () => given(key, propertyDependencies[key] ?? [])),
    ]),
  );
  if (!custom) {
    return { ...state, inputs: known };
  }
  const own = replaced(known, "[secret]", () => privateKey) as Properties;
  const fromCloud = {
    ...(type.endsWith(":FloatingIp") ? { address: addressOf(urn) } : {}),
    // The provider keeps only the hash of user data.
    ...(type.endsWith(":Instance") ? { userData: sha1(String(own.userData)) } : {}),
  };
  return {
    ...state,
    inputs: own,
    outputs: { ...own, ...fromCloud },
    id: type.startsWith("pulumi:providers:") ? PROVIDER_ID : idOf(urn),
    ...(provider === undefined ? {} : { provider: provider.replace(UNKNOWN_VALUE, PROVIDER_ID) }),
  };
}

/** Returns the default providers, which Pulumi creates implicitly and does not show in previews. */
function defaultProviders(states: readonly State[]): State[] {
  const urns = new Set(states.map(({ provider = "" }) => provider.replace(/::[^:]*$/, "")));
  const settings = { version: "3.15.2", delayedAuth: "true" };
  return [...urns]
    .filter((urn) => nameOf(urn).startsWith("default_"))
    .map((urn) => ({
      urn,
      type: typeOf(urn),
      custom: true,
      id: PROVIDER_ID,
      inputs: settings,
      outputs: settings,
    }));
}

/** Patterns of types in the order of a state, in which dependencies come first. A preview may have another order. */
const RANKS = [
  /^pulumi:pulumi:Stack$/,
  /^pulumi:providers:/,
  /^(?!pbx:index:)/,
  /:NodeConfig$/,
  /./,
];
const rankOf = ({ type }: State): number => RANKS.findIndex((rank) => rank.test(type));

async function planned(stack: TestStack, config: Properties): Promise<State[]> {
  const { stdout } = await stack.run(["preview", "--json"], config);
  const { steps } = JSON.parse(stdout) as { steps: Step[] };
  return steps.flatMap(({ newState }) => newState ?? []);
}

/**
 * Gives `stack` a state as after an update with `config`, without an update. The state has the previewed resources and
 * Pulumi's default providers, with made-up IDs and addresses.
 */
export async function pretendDeployed(stack: TestStack, config: Properties): Promise<void> {
  const first = await planned(stack, config);
  const bare = [...defaultProviders(first), ...first]
    .sort((a, b) => rankOf(a) - rankOf(b))
    .map((state) => made(state, "none"));
  await stack.importResources(bare);

  // With known addresses, a second preview also has the nodes' files and their dependencies.
  const { privateKey } = planExchange(settingsWith(config), STACK).accessKey;
  const second = new Map((await planned(stack, config)).map((state) => [state.urn, state]));
  await stack.importResources(
    bare.map((state) =>
      state.type.startsWith("pbx:")
        ? made({ ...state, ...second.get(state.urn) }, privateKey)
        : state,
    ),
  );
}
