import type { Output } from "@pulumi/pulumi";
import type { MockCallArgs, MockResourceArgs, MockResourceResult } from "@pulumi/pulumi/runtime";
import { STACK } from "./settings";

/** A resource as the Pulumi program registers it. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  /** `Type name` of the parent; null at the top level. */
  readonly parent: string | null;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Paths of the inputs that Pulumi encrypts. */
  readonly secretInputs: readonly string[];
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly deleteBeforeReplace: boolean;
  readonly additionalSecretOutputs: readonly string[];
  /** `Type name` of the explicit provider; null if there is none. */
  readonly provider: string | null;
  /** `Type name` of each dependency, sorted. */
  readonly dependencies: readonly string[];
}

export interface ProgramRun {
  readonly resources: readonly Registered[];
  readonly outputs: Readonly<Record<string, unknown>>;
}

const addressOf = (name: string): string =>
  name === "controller" ? "198.51.100.10" : `198.51.100.1${name.replace(/^zone/, "")}`;

/** Outputs of custom resources in addition to their inputs, by type. The fake cloud has no other custom resources. */
const RESOURCES: Readonly<Record<string, (args: MockResourceArgs) => Record<string, unknown>>> = {
  "openstack:compute/instance:Instance": () => ({}),
  "openstack:networking/floatingIp:FloatingIp": ({ name }) => ({
    address: addressOf(name),
  }),
  "openstack:networking/floatingIpAssociate:FloatingIpAssociate": () => ({}),
  "openstack:networking/network:Network": () => ({}),
  "openstack:networking/port:Port": () => ({}),
  "openstack:networking/router:Router": () => ({}),
  "openstack:networking/routerInterface:RouterInterface": () => ({}),
  "openstack:networking/secGroup:SecGroup": () => ({}),
  "openstack:networking/secGroupRule:SecGroupRule": () => ({}),
  "openstack:networking/subnet:Subnet": () => ({}),
  "pbx:index:NodeConfig": () => ({}),
  "pbx:okeanos:FloatingIp": ({ name }) => ({ address: addressOf(name), found: false }),
  "pbx:okeanos:Network": () => ({ subnetId: "subnet-id" }),
  "pbx:okeanos:Server": () => ({}),
  "pbx:index:ZoneMembership": () => ({}),
  "pulumi:providers:pbx": () => ({}),
};

/** Answers to function calls, by token of the function. */
const CALLS: Readonly<Record<string, (args: MockCallArgs) => Record<string, unknown>>> = {
  "openstack:images/getImage:getImage": ({ inputs }) => ({
    id: `${(inputs as { name: string }).name}-id`,
    properties: {},
  }),
  "openstack:networking/getNetwork:getNetwork": ({ inputs }) => ({
    id: `${(inputs as { name: string }).name}-id`,
  }),
  "pbx:okeanos:getImage": ({ inputs }) => ({
    id: `${(inputs as { name: string }).name}-id`,
    properties: {},
  }),
  "pbx:okeanos:preflight": () => ({
    project: "project-id",
    table: "project me:",
    shortage: "",
    retired: "",
  }),
  // As for a stack that was never deployed.
  "pulumi:pulumi:readStackOutputs": () => ({ outputs: {} }),
  "pulumi:pulumi:readStackResourceOutputs": () => ({ outputs: {} }),
};

/** Getters of a registration request. Pulumi's mocks do not pass on all of these fields. */
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
  getProvider(): string;
  getIgnorechangesList(): string[];
  getReplaceonchangesList(): string[];
  getDeletebeforereplace(): boolean;
  getAdditionalsecretoutputsList(): string[];
  getDependenciesList(): string[];
}

/** Parts of Pulumi's runtime that have no type declaration. */
interface Runtime {
  readonly getMonitor: () => {
    registerResource: (request: RegisterRequest, done: unknown) => void;
  };
  readonly waitForRPCs: () => Promise<void>;
}

/** Key that marks special values, such as secrets, in messages to Pulumi's engine. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const isSecret = (value: unknown): boolean =>
  typeof value === "object" && value !== null && SIGNATURE in value;

/** Returns `value` with its secrets in plain text. */
function revealed(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(revealed);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return isSecret(value)
    ? revealed((value as { value: unknown }).value)
    : Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, revealed(entry)]));
}

/** Returns the paths of the secrets in `inputs`, such as `userData` or `access.privateKey`. */
function secretPaths(inputs: object): string[] {
  return Object.entries(inputs).flatMap(([key, value]: [string, unknown]) => {
    if (isSecret(value)) {
      return [key];
    }
    return typeof value === "object" && value !== null
      ? secretPaths(value).map((path) => `${key}.${path}`)
      : [];
  });
}

/** Returns the type and the name in a URN, such as `TrunkNetwork trunk`. */
function label(urn: string): string {
  const [type = "", name = ""] = urn.split("::").slice(2);
  return `${type.split("$").at(-1)?.split(":").at(-1) ?? ""} ${name}`;
}

/**
 * Runs index.ts as `pulumi up` does, with a configuration of plain values and a fake cloud. The cloud has only the
 * types of resources and the functions that index.ts may use.
 *
 * @param answers answers to function calls, by token. These answers replace those of `CALLS`.
 * @param isPreview whether to run as `pulumi preview` does.
 */
export async function runPulumiProgram(
  config: Readonly<Record<string, unknown>>,
  answers: Readonly<Record<string, Record<string, unknown>>> = {},
  isPreview = false,
): Promise<ProgramRun> {
  const requests: RegisterRequest[] = [];
  const outputs: Record<string, unknown> = {};
  const { stackTraceLimit } = Error; // index.ts lowers it
  // Each isolated copy of Pulumi and of index.ts adds listeners, which are removed at the end.
  const listened = [
    [process, "exit"],
    [process.stdout, "error"],
    [process.stderr, "error"],
  ] as const;
  const before = listened.map(([emitter, event]) => new Set(emitter.rawListeners(event)));

  await jest
    .isolateModulesAsync(async () => {
      const { runtime, output } = await import("@pulumi/pulumi");
      await runtime.setMocks(
        {
          newResource(args): MockResourceResult {
            const state = RESOURCES[args.type];
            if (state === undefined && args.custom === true) {
              throw new Error(`the fake cloud has no resource ${args.type}`);
            }
            const inputs = args.inputs as Record<string, unknown>;
            return { id: `${args.name}-id`, state: { ...inputs, ...state?.(args) } };
          },
          call(args) {
            const answer = CALLS[args.token];
            if (answer === undefined) {
              throw new Error(`the fake cloud has no function ${args.token}`);
            }
            return answers[args.token] ?? answer(args);
          },
        },
        "pbx",
        STACK,
        isPreview,
        "organization",
      );
      const { getMonitor, waitForRPCs } = runtime as unknown as Runtime;
      const monitor = getMonitor();
      const register = monitor.registerResource.bind(monitor);
      monitor.registerResource = (request, done) => {
        requests.push(request);
        register(request, done);
      };
      const texts = Object.entries(config).map(([key, value]) => [
        `pbx:${key}`,
        typeof value === "string" ? value : JSON.stringify(value),
      ]);
      runtime.setAllConfig(Object.fromEntries(texts) as Record<string, string>, [
        "pbx:masterSecret",
        "pbx:users",
      ]);

      const { default: program } = await import("../../index");
      for (const [name, value] of Object.entries(await program())) {
        outputs[name] = await new Promise((resolve) => {
          (output(value) as Output<unknown>).apply(resolve);
        });
      }
      await waitForRPCs();
    })
    .finally(() => {
      Error.stackTraceLimit = stackTraceLimit;
      for (const [index, [emitter, event]] of listened.entries()) {
        for (const listener of emitter.rawListeners(event)) {
          if (before[index]?.has(listener) === false) {
            emitter.off(event, listener as () => void);
          }
        }
      }
    });

  return {
    outputs,
    resources: requests.map((request) => {
      const inputs = request.getObject().toJavaScript();
      return {
        type: request.getType(),
        name: request.getName(),
        parent: request.getParent() === "" ? null : label(request.getParent()),
        inputs: Object.fromEntries(
          Object.entries(inputs).map(([key, value]) => [key, revealed(value)]),
        ),
        secretInputs: secretPaths(inputs),
        ignoreChanges: request.getIgnorechangesList(),
        replaceOnChanges: request.getReplaceonchangesList(),
        deleteBeforeReplace: request.getDeletebeforereplace(),
        provider: request.getProvider() === "" ? null : label(request.getProvider()),
        additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
        dependencies: request.getDependenciesList().map(label).sort(),
      };
    }),
  };
}
