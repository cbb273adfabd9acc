import { z } from "zod";
import { NodeError } from "../core/errors";
import { AgentRefused, askAgent, NodeUnchanged, type Session } from "../ssh/session";

/** How a file must be on its node, without its content. */
export interface FileSpec {
  /** `user:group`. */
  readonly owner: string;
  /** Octal, for example `0640`. */
  readonly mode: string;
  /** HMAC of the content under a key of the stack: it changes with the content and tells nothing of it. */
  readonly digest: string;
}

/** A file as it is to be on its node. */
export interface WantedFile extends Omit<FileSpec, "digest"> {
  readonly content: string;
}

/** A file as it is on its node. */
export interface FoundFile extends Omit<FileSpec, "digest"> {
  /** Of its content, in hexadecimal. */
  readonly sha256: string;
}

/** Returns the contents of files, by path. */
export const contentsOf = (files: Readonly<Record<string, WantedFile>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([path, { content }]) => [path, content]));

/** Where a node keeps what its last installation replaced. */
const FORMER = "/var/lib/trunkline/former.json";

const pathsSchema = z.array(z.string());
const foundSchema = z.record(
  z.string(),
  z.object({ sha256: z.string(), owner: z.string(), mode: z.string() }).nullable(),
);
const installationSchema = z.object({ changed: pathsSchema, invalid: z.string().nullable() });
const restoredSchema = z.object({ changed: pathsSchema });

/** What is on the node at `paths`; null where there is no file. */
export async function readFiles(
  session: Session,
  paths: readonly string[],
): Promise<Record<string, FoundFile | null>> {
  return askAgent(session, { do: "look", paths }, foundSchema);
}

/** What an installation came to. */
export interface Installation {
  /** Paths whose content, owner or mode was another. */
  readonly changed: readonly string[];
  /** What a validating command said; nothing was changed then. */
  readonly invalid: string | null;
}

export interface InstallOptions {
  /** Shell commands by path; `"$1"` is the file that is about to take its place. */
  readonly validate?: Readonly<Record<string, string>>;
  /** Path of the file that keeps what is replaced, on the node. */
  readonly former?: string;
}

/**
 * Puts all files into place, or none.
 *
 * @throws NodeUnchanged naming the file that cannot be written; NodeError naming the files that are new if
 * they could not be taken back.
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
        `${error.reason}; its files ${error.renewed.join(", ")} are new already and could not be ` +
          "taken back, all others were left as they were. Mend that and run the same command again",
      );
    }
    throw new NodeUnchanged(
      error.node,
      `${error.reason}; its files were left as they were. Mend that and run the same command again`,
    );
  }
}

/** Takes the last installation back. */
export async function restore(session: Session, former = FORMER): Promise<readonly string[]> {
  const { changed } = await askAgent(session, { do: "restore", former }, restoredSchema);
  return changed;
}
