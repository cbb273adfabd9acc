import { z } from "zod";
import { NodeError } from "../core/errors";
import { AgentRefused, askAgent, NodeUnchanged, type Session } from "../ssh/session";

/** Owner, mode and digest of a file of a node. Has no secrets. */
export interface FileSpec {
  /** `user:group`, for example `root:asterisk`. */
  readonly owner: string;
  /** Octal, for example `0640`. */
  readonly mode: string;
  /**
   * HMAC of the content with a key of the stack. Unlike a plain hash, the HMAC cannot be used to check guesses of the
   * content. After a refresh or a failed edit, the digest may be a text instead, such as `removed on the node`.
   */
  readonly digest: string;
}

/** A file to install on a node. */
export interface WantedFile extends Omit<FileSpec, "digest"> {
  readonly content: string;
}

/** A file that was found on a node. */
export interface FoundFile extends Omit<FileSpec, "digest"> {
  /** SHA-256 hash of the content, in hexadecimal. */
  readonly sha256: string;
}

export const contentsOf = (files: Readonly<Record<string, WantedFile>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, { content }]) => [path, content]));

/** Default of {@link InstallOptions.former}. */
const FORMER = "/var/lib/trunkline/former.json";

const pathsSchema = z.array(z.string());
const foundSchema = z.record(
  z.string(),
  z.object({ sha256: z.string(), owner: z.string(), mode: z.string() }).nullable(),
);
const installationSchema = z.object({ changed: pathsSchema, invalid: z.string().nullable() });
const restoredSchema = z.object({ changed: pathsSchema });

/** Returns the hash, owner and mode of each file at `paths`; null for a path without a file. @throws NodeError */
export async function readFiles(
  session: Session,
  paths: readonly string[],
): Promise<Record<string, FoundFile | null>> {
  return askAgent(session, { do: "look", paths }, foundSchema);
}

export interface Installation {
  /** Paths of the files whose content, owner or mode has changed. */
  readonly changed: readonly string[];
  /** Output of the validation command that failed; null if none failed. If a command fails, no file is changed. */
  readonly invalid: string | null;
}

export interface InstallOptions {
  /**
   * Shell commands that validate new files, by path of the file. `"$1"` is the temporary path of the new file. A
   * command runs only if its file changes. Exit code 0: the file is valid.
   */
  readonly validate?: Readonly<Record<string, string>>;
  /** Path, on the node, of the JSON file in which the old files are saved before they are replaced. */
  readonly former?: string;
}

/**
 * Installs all files. If one is invalid or cannot be installed, tries to leave all unchanged. Skips files that already
 * have the wanted content, owner and mode.
 *
 * @throws NodeUnchanged if the files cannot be installed and all files are unchanged; another NodeError if some files
 * were changed and could not be restored (the message has their paths), or if the agent gives no valid answer.
 */
export async function install(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  { validate = {}, former = FORMER }: InstallOptions = {},
): Promise<Installation> {
  try {
    return await askAgent(session, { do: "install", files, validate, former }, installationSchema);
  } catch (error) {
    if (!(error instanceof AgentRefused)) throw error;
    if (error.notRestored.length > 0) {
      throw new NodeError(
        error.node,
        `${error.reason}; these files were changed and could not be restored: ` +
          `${error.notRestored.join(", ")}. All other files are unchanged. ` +
          "Fix the problem and run the same command again",
      );
    }
    throw new NodeUnchanged(
      error.node,
      `${error.reason}; no file was changed. Fix the problem and run the same command again`,
    );
  }
}

/**
 * Restores the files that {@link install} has saved in the file `former`. Removes those that did not exist before.
 *
 * @returns the paths of all these files.
 * @throws NodeError
 */
export async function restore(session: Session, former = FORMER): Promise<readonly string[]> {
  const { changed } = await askAgent(session, { do: "restore", former }, restoredSchema);
  return changed;
}
