import { readFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import type { FileSpec } from "./inputs";
import { NodeError, ScriptFailed, type Session } from "./session";
import { quote } from "./ssh";

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

const PROGRAM = readFileSync(join(__dirname, "node-files.py"), "utf8");

async function ask<Answer>(session: Session, request: object): Promise<Answer> {
  try {
    const answer = await session.run(
      // Isolated, and without what an installation adds to Python: it starts in half the time.
      `exec python3 -I -S -c ${quote(PROGRAM)}`,
      deflateSync(JSON.stringify(request)),
    );
    return JSON.parse(answer) as Answer;
  } catch (error) {
    if (error instanceof ScriptFailed) {
      throw new NodeError(
        session.node,
        `${error.stderr.trim()}; its files were left as they were. Mend that and run the same command again`,
      );
    }
    throw error;
  }
}

/** What is on the node at `paths`; null where there is no file. */
export function lookAt(
  session: Session,
  paths: readonly string[],
): Promise<Record<string, FoundFile | null>> {
  return ask(session, { look: paths });
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

/** Puts all files into place, or none. */
export function install(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  { validate = {}, former = FORMER }: InstallOptions = {},
): Promise<Installation> {
  return ask(session, { install: files, validate, former });
}

/** Takes the last installation back. */
export async function restore(session: Session, former = FORMER): Promise<readonly string[]> {
  const { changed } = await ask<{ changed: string[] }>(session, { restore: true, former });
  return changed;
}
