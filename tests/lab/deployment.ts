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
import { command } from "../../core/command";
import { ROOT } from "../../core/paths";
import { type ExchangeOutputs, exchangeOutputs } from "../../stack/outputs";
import { makeKeyPair } from "../../stack/secrets";
import { askPulumi } from "../../stack/state";
import { buildFaultsOf } from "../../stack/unbuilt-servers";
import { destroyOrphaned, environmentOf, PASSPHRASE, PREFIX } from "./orphaned";
import type { LabAccess } from "./ssh";

/** A stack of one test, with its own state, passphrase and configuration. */
export interface Deployment {
  readonly stack: Stack;
  readonly directory: string;
  /** Must never be printed in plain text. */
  readonly masterSecret: string;
  /** Returns everything that `onOutput` has received: the output of `up`, and other output that a test passes to it. */
  readonly printed: () => string;
  /** Records and prints output of Pulumi. */
  readonly onOutput: (text: string) => void;
  /** Runs one update. @throws Error that starts with the cloud's reasons why it did not build servers, if any. */
  readonly up: (onEvent?: (event: EngineEvent) => void) => Promise<UpResult>;
  /** Returns the output of `pulumi stack export`, in which secrets are encrypted. */
  readonly exported: () => Promise<string>;
  /** Returns the outputs of the stack. Also works while an update runs. */
  readonly outputs: () => Promise<ExchangeOutputs>;
  readonly access: () => Promise<LabAccess>;
  readonly remove: () => void;
}

/** Links the Pulumi program of the clone into the folder of the deployment. */
function linkProgram(directory: string): void {
  for (const name of [
    "Pulumi.yaml",
    "package.json",
    "tsconfig.json",
    "node_modules",
    "index.ts",
    "exchange.ts",
    "clouds",
    "components",
    "config",
    "core",
    "nodes",
    "plan",
    "provider",
    "ssh",
    "templates",
  ]) {
    symlinkSync(join(ROOT, name), join(directory, name));
  }
}

/**
 * Creates a stack from `config`, whose keys have no `pbx:` prefix. The stack has no resources in the cloud yet. In the
 * lab, first destroys the deployments of killed test runs.
 *
 * @param cloud environment variables that select a cloud; by default, the lab in the environment is used.
 */
export async function newDeployment(
  config: Readonly<Record<string, string>>,
  cloud: Readonly<Record<string, string>> = {},
): Promise<Deployment> {
  const isOfLab = Object.keys(cloud).length === 0;
  if (isOfLab) await destroyOrphaned(tmpdir());
  // A cloud other than the lab ends with its test, so a later test run must not look for the deployment.
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
