import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../phones/child-process";
import { ensureCommands } from "../../../phones/packages";
import type { Okeanos } from "../synnefo";

/** Script that runs kamaki in its root file system ($2), with a folder of this machine ($1) as its home. */
const ENTER = `mount --bind "$1" "$2/tmp"; root=$2; shift 2
exec chroot "$root" env -i HOME=/tmp PATH=/usr/local/bin:/usr/bin:/bin kamaki -c /tmp/rc "$@"`;

export interface Kamaki {
  /** Runs a command, and returns its output. @throws Error with the output of a failed command. */
  readonly text: (...command: string[]) => Promise<string>;
  /** Runs a command, and returns its JSON output as a value. */
  readonly json: (...command: string[]) => Promise<unknown>;
  readonly remove: () => Promise<void>;
}

/** Returns kamaki, Synnefo's own client, configured for the first user of `okeanos`. */
export async function kamakiOf({ identityUrl, token }: Okeanos): Promise<Kamaki> {
  await ensureCommands({ mmdebstrap: "mmdebstrap" });
  const root = (await run([join(__dirname, "root.sh")])).trim();
  const home = await mkdtemp(join(tmpdir(), "trunkline-kamaki-"));
  await writeFile(
    join(home, "rc"),
    [
      "[global]",
      "default_cloud = test",
      '[cloud "test"]',
      `url = ${identityUrl}`,
      `token = ${token}`,
    ]
      .join("\n")
      .concat("\n"),
    { mode: 0o600 },
  );
  const text = (...command: string[]): Promise<string> =>
    run(["unshare", "--mount", "sh", "-ec", ENTER, "sh", home, root, ...command]);
  return {
    text,
    json: async (...command) =>
      JSON.parse(await text(...command, "--output-format=json")) as unknown,
    remove: () => rm(home, { recursive: true }),
  };
}
