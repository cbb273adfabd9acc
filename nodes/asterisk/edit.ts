import { NodeError } from "../../core/errors";
import type { Logger } from "../../core/logger";
import { NodeUnchanged, type Session } from "../../ssh/session";
import { contentsOf, install, restore, type WantedFile } from "../files";
import { registrarKeys } from "./activity";
import { asterisk, NotRunning } from "./console";
import { type Contents, fileNames, needsRestart } from "./files";
import { removedUsers } from "./read-back";
import { reload, reloadAndCheck } from "./reload";

/**
 * Deletes the registrations of users that are gone: chan_pjsip keeps them, and they would be valid again if the users
 * came back. chan_sip deletes them itself.
 */
async function deleteRegistrations(session: Session, users: ReadonlySet<string>): Promise<void> {
  const [registrar = ""] = await asterisk(session, ["database show registrar"]);
  await asterisk(
    session,
    registrarKeys(registrar, users).map((key) => `database del registrar contact/${key}`),
  );
}

/** Restores the former files. @returns whether Asterisk uses them again for sure. */
async function rollBack(
  session: Session,
  changed: readonly string[],
  contents: Contents,
): Promise<boolean> {
  try {
    await restore(session);
    return (await reload(session, changed, contents)) === null;
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    // An Asterisk that does not run reads the files when it starts.
    return error instanceof NotRunning;
  }
}

/**
 * Replaces files of a zone that is in service, and makes Asterisk read them. No reload ends a call. If Asterisk does
 * not take the files, the former files are restored.
 *
 * @param before contents of the files before the edit.
 * @throws NodeUnchanged if the former files are in use again; NodeError if that is unknown. Both say what Asterisk did
 * not take.
 */
export async function editAsterisk(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  before: Contents,
  log: Logger,
): Promise<void> {
  // All files, not only those that differ: an earlier run may have been killed before the reload.
  const paths = Object.keys(files);
  const contents = contentsOf(files);
  const { changed } = await install(session, files);
  log.status(`Asterisk reads ${fileNames(paths)}`);
  const fault = await reloadAndCheck(session, paths, contents, before).then(
    (faults) =>
      faults.length === 0
        ? null
        : `Asterisk does not take ${fileNames(paths)}: ${faults.join("; ")}`,
    (error: unknown) => {
      if (!(error instanceof NodeError)) throw error;
      return error.fault;
    },
  );
  if (fault !== null) {
    // If an earlier run has replaced the files, their former contents are not known.
    if (changed.length > 0 && (await rollBack(session, changed, contents))) {
      throw new NodeUnchanged(session.node, `${fault}. The former files are in service again`);
    }
    throw new NodeError(session.node, fault);
  }
  const removed = removedUsers(before, contents);
  if (removed.length > 0) await deleteRegistrations(session, new Set(removed));
  if (needsRestart(changed)) {
    log.info(`${session.node}: ${fileNames(changed)} will take effect when Asterisk starts again`);
  }
}
