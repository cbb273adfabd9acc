import type { FileSpec } from "./inputs";
import { AgentRefused, LeftAsItWas, type Session } from "./session";

/** A file as it is to be on its node. */
export interface WantedFile extends Omit<FileSpec, "digest"> {
  readonly content: string;
}

/** A file as it is on its node. */
export interface FoundFile extends Omit<FileSpec, "digest"> {
  /** Of its content, in hexadecimal. */
  readonly sha256: string;
}

/** Where a node keeps what its last installation replaced. */
const FORMER = "/var/lib/trunkline/former.json";

/** What is on the node at `paths`; null where there is no file. */
export async function lookAt(
  session: Session,
  paths: readonly string[],
): Promise<Record<string, FoundFile | null>> {
  return (await session.ask({ do: "look", paths })) as Record<string, FoundFile | null>;
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

/** Puts all files into place, or none. @throws LeftAsItWas naming the file that cannot be written. */
export async function install(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  { validate = {}, former = FORMER }: InstallOptions = {},
): Promise<Installation> {
  try {
    return (await session.ask({ do: "install", files, validate, former })) as Installation;
  } catch (error) {
    if (!(error instanceof AgentRefused)) throw error;
    throw new LeftAsItWas(
      error.node,
      `${error.reason}; its files were left as they were. Mend that and run the same command again`,
    );
  }
}

/** Takes the last installation back. */
export async function restore(session: Session, former = FORMER): Promise<readonly string[]> {
  const { changed } = (await session.ask({ do: "restore", former })) as { changed: string[] };
  return changed;
}
