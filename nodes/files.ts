import { z } from "zod";
import { NodeError } from "../core/errors";
import { AgentRefused, askAgent, NodeUnchanged, type Session } from "../ssh/session";

/** How a file must be on its node, without its content. */
export interface FileSpec {
  /** `user:group`. */
  readonly owner: string;
  /** Octal, for example `0640`. */
  readonly mode: string;
  /** HMAC of the content with a key of the stack. Changes with the content, but does not reveal the content. */
  readonly digest: string;
}

/** A file to install on a node. */
export interface WantedFile extends Omit<FileSpec, "digest"> {
  readonly content: string;
}

/** A file found on a node. */
export interface FoundFile extends Omit<FileSpec, "digest"> {
  /** Hash of the content, in hexadecimal. */
  readonly sha256: string;
}

/** Returns the contents of files, by path. */
export const contentsOf = (files: Readonly<Record<string, WantedFile>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, { content }]) => [path, content]));

/** Path on a node of the files that the last installation replaced. */
const FORMER = "/var/lib/trunkline/former.json";

const pathsSchema = z.array(z.string());
const foundSchema = z.record(
  z.string(),
  z.object({ sha256: z.string(), owner: z.string(), mode: z.string() }).nullable(),
);
const installationSchema = z.object({ changed: pathsSchema, invalid: z.string().nullable() });
const restoredSchema = z.object({ changed: pathsSchema });

/** Reads the files at `paths` on a node; null for a path without a file. */
export async function readFiles(
  session: Session,
  paths: readonly string[],
): Promise<Record<string, FoundFile | null>> {
  return askAgent(session, { do: "look", paths }, foundSchema);
}

/** Result of an installation. */
export interface Installation {
  /** Paths of the files whose content, owner or mode has changed. */
  readonly changed: readonly string[];
  /** Output of a validating command that failed: no file was changed. Null if the files are valid. */
  readonly invalid: string | null;
}

export interface InstallOptions {
  /** Validating shell commands, by path. `"$1"` is the path of the new file. */
  readonly validate?: Readonly<Record<string, string>>;
  /** Path on the node of the file that saves the replaced files. */
  readonly former?: string;
}

/**
 * Installs all files, or none.
 *
 * @throws NodeUnchanged with the file that cannot be written; NodeError with the new files if they could not be
 * restored.
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
    if (error.renewed.length > 0) {
      throw new NodeError(
        error.node,
        `${error.reason}; these files were changed and could not be restored: ` +
          `${error.renewed.join(", ")}. All other files are unchanged. ` +
          "Fix the problem and run the same command again",
      );
    }
    throw new NodeUnchanged(
      error.node,
      `${error.reason}; no file was changed. Fix the problem and run the same command again`,
    );
  }
}

/** Restores the files that the last installation replaced. */
export async function restore(session: Session, former = FORMER): Promise<readonly string[]> {
  const { changed } = await askAgent(session, { do: "restore", former }, restoredSchema);
  return changed;
}
