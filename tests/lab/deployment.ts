import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ConfigMap,
  type EngineEvent,
  LocalWorkspace,
  type Stack,
  type UpResult,
} from "@pulumi/pulumi/automation";
import { command } from "../../cli/command";
import { ROOT } from "../../cli/paths";
import { makeKeyPair } from "../../cli/ssh-key";
import { type ExchangeOutputs, exchangeOutputs, askPulumi } from "../../cli/stack";
import { buildFaultsOf } from "../../cli/unbuilt-servers";
import { destroyForsaken, environmentOf, PASSPHRASE, PREFIX } from "./forsaken";
import type { Access } from "./ssh";

/** A stack of the test's own: its state, its pass phrase and its configuration are nobody else's. */
export interface Deployment {
  readonly stack: Stack;
  readonly directory: string;
  /** All that may never be seen in plain. */
  readonly masterSecret: string;
  /** Everything that Pulumi has printed for this stack. */
  readonly printed: () => string;
  readonly onOutput: (text: string) => void;
  /** One update. @throws Error that begins with what the cloud has to say, if it has anything. */
  readonly up: (onEvent?: (event: EngineEvent) => void) => Promise<UpResult>;
  /** The stack as `pulumi stack export` prints it. */
  readonly exported: () => Promise<string>;
  /** May be asked while an update runs. */
  readonly outputs: () => Promise<ExchangeOutputs>;
  readonly access: () => Promise<Access>;
  readonly remove: () => void;
}

/** The program as it stands in the clone, by links, beside a place for the stack's files. */
function linkProgram(directory: string): void {
  for (const name of [
    ...["Pulumi.yaml", "package.json", "tsconfig.json", "node_modules", "index.ts", "exchange.ts"],
    ...["components", "config", "plan", "provider", "templates"],
  ]) {
    symlinkSync(join(ROOT, name), join(directory, name));
  }
}

/**
 * Makes a stack from `config`, keys without `pbx:`. It has no resources in the cloud yet. Resources of test runs that
 * were killed are deleted first.
 *
 * @param cloud variables that name it; the environment has those of the lab cloud.
 */
export async function newDeployment(
  config: Readonly<Record<string, string>>,
  cloud: Readonly<Record<string, string>> = {},
): Promise<Deployment> {
  const isOfLab = Object.keys(cloud).length === 0;
  if (isOfLab) await destroyForsaken(tmpdir());
  // Any other cloud is one of the tests' own, and goes with them.
  const prefix = isOfLab ? `${PREFIX}${String(process.pid)}-` : "trunkline-deployment-";
  const directory = mkdtempSync(join(tmpdir(), prefix));
  writeFileSync(join(directory, PASSPHRASE), randomBytes(32).toString("base64url"), {
    mode: 0o600,
  });
  linkProgram(directory);
  mkdirSync(join(directory, "state"));
  const privateKeyFile = join(directory, "id_ed25519");
  await makeKeyPair(privateKeyFile);

  const masterSecret = randomBytes(32).toString("base64url");
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: "test", workDir: directory },
    {
      envVars: { ...cloud, ...environmentOf(directory) },
    },
  );
  const settings: ConfigMap = {
    "pbx:masterSecret": { value: masterSecret, secret: true },
    "pbx:sshPublicKey": { value: readFileSync(`${privateKeyFile}.pub`, "utf8").trim() },
    "pbx:operatorCidrs": { value: '["198.51.100.1/32"]' },
    "pbx:flavor": { value: "pbx.small" },
  };
  for (const [key, value] of Object.entries(config)) {
    settings[`pbx:${key}`] = { value };
  }
  await stack.setAllConfig(settings);

  const outputs = (): Promise<ExchangeOutputs> =>
    askPulumi(() => stack.outputs()).then(exchangeOutputs);
  let printed = "";
  const onOutput = (text: string): void => {
    printed += text;
    process.stdout.write(text);
  };
  return {
    stack,
    directory,
    masterSecret,
    printed: () => printed,
    onOutput,
    up: (onEvent) =>
      stack
        .up({ onOutput, color: "never", ...(onEvent && { onEvent }) })
        .catch(async (error: unknown) => {
          throw new Error([...(await buildFaultsOf(stack)), (error as Error).message].join("\n"), {
            cause: error,
          });
        }),
    exported: () =>
      command("pulumi", ["stack", "export", "--stack", "test", "--cwd", directory], {
        env: { ...process.env, ...stack.workspace.envVars },
      }),
    outputs,
    access: async () => {
      const { controllerAddress, sshHostKeys } = await outputs();
      return { directory, privateKeyFile, controllerAddress, sshHostKeys };
    },
    remove: () => {
      rmSync(directory, { recursive: true });
    },
  };
}
