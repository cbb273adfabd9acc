import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { OperatorError } from "../../core/errors";
import { ROOT } from "../../core/paths";
import { backendUrl } from "../../stack/backend";
import { NO_CLOUD_ENVIRONMENT } from "../../stack/cloud-environment";
import { MASTER_SECRET, STACK } from "./settings";

export interface Run {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A stack of a Pulumi program, with its own state backend. */
export interface TestStack {
  /**
   * Runs `pulumi` with a configuration of plain values. Encrypts secret values, except those of `plainKeys`.
   *
   * @param variables further environment variables, which take precedence over those of the stack and the cloud.
   */
  run(
    args: readonly string[],
    config: Readonly<Record<string, unknown>>,
    plainKeys?: readonly string[],
    variables?: Readonly<Record<string, string>>,
  ): Promise<Run>;
  /** Sets the stack's state to `resources`, which have the format of `pulumi stack export`. */
  importResources(resources: readonly object[]): Promise<void>;
  /** Returns the stack's state in the format of `pulumi stack export`. */
  exported(): Promise<ExportedState>;
  remove(): void;
}

export interface ExportedState {
  readonly resources: readonly {
    readonly type: string;
    readonly urn: string;
    readonly outputs?: Readonly<Record<string, unknown>>;
  }[];
  readonly pending_operations?: readonly {
    readonly type: string;
    readonly resource: { readonly urn: string };
  }[];
}

/** Environment variables that `pulumi` inherits. All others are left out, because they could contain credentials. */
const INHERITED = ["PATH", "HOME", "TMPDIR", "PULUMI_HOME"];

function environment(state: string, cloud: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = INHERITED.map((name) => [name, process.env[name]] as const);
  return {
    ...Object.fromEntries(inherited.filter(([, value]) => value !== undefined)),
    PULUMI_BACKEND_URL: backendUrl(`file://${state}`),
    PULUMI_CONFIG_PASSPHRASE: "of-tests-alone",
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...cloud,
  };
}

function pulumi(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly input?: string },
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      "pulumi",
      [...args, "--non-interactive"],
      { cwd: options.cwd, env: options.env, maxBuffer: 2 ** 28 },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== "number") {
          const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
          reject(
            new OperatorError(
              isMissing
                ? 'pulumi is not on PATH; run this first: eval "$(make -s env)"'
                : `pulumi cannot be run: ${error.message}`,
            ),
          );
          return;
        }
        resolve({ exitCode: Number(error?.code ?? 0), stdout, stderr });
      },
    );
    child.stdin?.end(options.input ?? "");
  });
}

const hasUserSecret = (users: unknown): boolean =>
  Array.isArray(users) && JSON.stringify(users).includes('"secret":');

/**
 * Creates a stack with the name {@link STACK} and with its state in a temporary folder.
 *
 * @param project folder of a Pulumi program; by default this clone.
 * @param cloud environment variables with which the provider finds the cloud; by default there is no cloud.
 */
export async function createStack(
  project = ROOT,
  cloud: Readonly<Record<string, string>> = NO_CLOUD_ENVIRONMENT,
): Promise<TestStack> {
  const folder = mkdtempSync(join(tmpdir(), "trunkline-preview-"));
  const state = join(folder, "state");
  mkdirSync(state);
  // `stack init` writes a file next to Pulumi.yaml. With this copy, the project's folder stays unchanged.
  copyFileSync(join(project, "Pulumi.yaml"), join(folder, "Pulumi.yaml"));
  const env = environment(state, cloud);
  const must = async (args: readonly string[], input?: string): Promise<string> => {
    const { exitCode, stdout, stderr } = await pulumi(args, {
      cwd: folder,
      env,
      ...(input === undefined ? {} : { input }),
    });
    if (exitCode !== 0) {
      throw new OperatorError(`pulumi ${args.join(" ")} failed: ${stderr}`);
    }
    return stdout;
  };
  const encrypt = async (file: string, key: string, text: string): Promise<void> => {
    await must(
      ["config", "set", "--secret", `pbx:${key}`, "--stack", STACK, "--config-file", file],
      text,
    );
  };

  const remove = (): void => {
    rmSync(folder, { recursive: true });
  };
  const baseFile = join(folder, `Pulumi.${STACK}.yaml`);
  try {
    await must(["stack", "init", STACK, "--no-select"]);
    await encrypt(baseFile, "masterSecret", MASTER_SECRET);
  } catch (error) {
    remove();
    throw error;
  }
  const base = parse(readFileSync(baseFile, "utf8")) as { config: Record<string, unknown> };

  let count = 0;
  /** Writes a configuration file, and returns its path. Copies the encrypted `MASTER_SECRET` from the base file. */
  const configure = async (
    values: Readonly<Record<string, unknown>>,
    plainKeys: readonly string[],
  ): Promise<string> => {
    count += 1;
    const file = join(folder, `Pulumi.${String(count)}.yaml`);
    const config: Record<string, unknown> = {};
    const toEncrypt: [key: string, value: unknown][] = [];
    for (const [key, value] of Object.entries(values)) {
      const isSecret = key === "masterSecret" || (key === "users" && hasUserSecret(value));
      if (value === undefined) {
        continue;
      } else if (!isSecret || plainKeys.includes(key)) {
        config[`pbx:${key}`] = value;
      } else if (value === MASTER_SECRET) {
        config[`pbx:${key}`] = base.config[`pbx:${key}`];
      } else {
        toEncrypt.push([key, value]);
      }
    }
    writeFileSync(file, stringify({ ...base, config }));
    for (const [key, value] of toEncrypt) {
      await encrypt(file, key, typeof value === "string" ? value : JSON.stringify(value));
    }
    return file;
  };

  return {
    async run(args, config, plainKeys = [], variables = {}) {
      const file = await configure(config, plainKeys);
      return pulumi([...args, "--stack", STACK, "--config-file", file, "--color", "never"], {
        cwd: project,
        env: { ...env, ...variables },
      });
    },
    async importResources(resources) {
      await must(
        ["stack", "import", "--stack", STACK],
        JSON.stringify({ version: 3, deployment: { manifest: {}, resources } }),
      );
    },
    async exported() {
      const text = await must(["stack", "export", "--stack", STACK]);
      return (JSON.parse(text) as { deployment: ExportedState }).deployment;
    },
    remove,
  };
}
