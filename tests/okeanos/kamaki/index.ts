import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../phones/command";
import { ensureCommands } from "../../../phones/packages";
import type { Okeanos } from "../synnefo";

/** In a mount namespace of its own, so that kamaki's home can be a folder of the machine. */
const ENTER = `mount --bind "$1" "$2/tmp"; root=$2; shift 2
exec chroot "$root" env -i HOME=/tmp PATH=/usr/local/bin:/usr/bin:/bin kamaki -c /tmp/rc "$@"`;

export interface Kamaki {
  /** What a command prints. @throws Error with what it said when it fails. */
  readonly text: (...command: string[]) => Promise<string>;
  /** The same as a value. */
  readonly json: (...command: string[]) => Promise<unknown>;
  readonly remove: () => Promise<void>;
}

/** Synnefo's own client, set up to use `okeanos` as its first user. */
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
