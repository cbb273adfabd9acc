import { chmod, chown, lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../../../phones/child-process";
import type { NodeFile } from "../../../templates/node-file";

export type ImageName = "pbx-asterisk-16" | "pbx-asterisk-22" | "pbx-controller";

const REPOSITORY = join(__dirname, "../../..");
const found = new Map<ImageName, Promise<string>>();

/** Returns the directory of a golden image's root file system. Builds the image if it is missing. */
export function rootfs(image: ImageName): Promise<string> {
  const known = found.get(image);
  if (known !== undefined) return known;
  const directory = run([join(REPOSITORY, "images/rootfs.sh"), image]).then((out) => out.trim());
  found.set(image, directory);
  return directory;
}

/** Returns the numeric ID of each name in an image's `/etc/passwd` or `/etc/group`. */
async function ids(root: string, file: "passwd" | "group"): Promise<Map<string, number>> {
  const text = await readFile(join(root, "etc", file), "utf8");
  return new Map(
    text.split("\n").map((line) => {
      const [name = "", , id] = line.split(":");
      return [name, Number(id)];
    }),
  );
}

/**
 * Writes `files` to `upper`, the writable layer over the image at `root`. Sets the owner and the mode of each file, as
 * cloud-init does on a server.
 */
export async function writeNodeFiles(
  root: string,
  upper: string,
  files: readonly NodeFile[],
): Promise<void> {
  const [users, groups] = await Promise.all([ids(root, "passwd"), ids(root, "group")]);
  for (const { path, content, owner, mode } of files) {
    await makeFolder(root, upper, dirname(path));
    const [user = "", group = ""] = owner.split(":");
    const [uid, gid] = [users.get(user), groups.get(group)];
    if (uid === undefined || gid === undefined)
      throw new Error(`${path}: the image has no ${owner}`);
    const file = join(upper, path);
    await writeFile(file, content, { mode: 0o600 });
    await chown(file, uid, gid);
    await chmod(file, parseInt(mode, 8));
  }
}

/**
 * Creates a folder and its parents in the upper layer. Copies the owner and the mode of the image's folder, because
 * overlayfs shows those of the upper layer.
 */
async function makeFolder(root: string, upper: string, path: string): Promise<void> {
  if (path === "/") return;
  await makeFolder(root, upper, dirname(path));
  const folder = join(upper, path);
  await mkdir(folder, { recursive: true });
  const original = await lstat(join(root, path)).catch(() => null);
  if (original === null) return;
  await chown(folder, original.uid, original.gid);
  await chmod(folder, original.mode);
}
