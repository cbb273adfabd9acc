import { NodeError } from "../../core/errors";
import type { Logger } from "../../core/logger";
import { NodeUnchanged, type Session } from "../../ssh/session";
import { contentsOf, install, restore, type WantedFile } from "../files";
import { registrarKeys } from "./activity";
import { asterisk, NotRunning } from "./console";
import { removedUsers } from "./read-back";
import { reload, reloadAndCheck } from "./reload";
import { type Contents, fileNames, needsRestart } from "./reloadable-files";

/**
 * Deletes the registrations of removed users. chan_pjsip keeps these registrations. They would be valid again if a user
 * with the same extension were added. chan_sip deletes the registrations itself.
 */
async function deleteRegistrations(session: Session, users: ReadonlySet<string>): Promise<void> {
  const [registrar = ""] = await asterisk(session, ["database show registrar"]);
  await asterisk(
    session,
    registrarKeys(registrar, users).map((key) => `database del registrar contact/${key}`),
  );
}

/**
 * Restores the former files and makes Asterisk read them.
 *
 * @returns whether Asterisk is certain to use the former files.
 */
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
    // If Asterisk does not run, it reads the former files when it starts.
    return error instanceof NotRunning;
  }
}

/**
 * Replaces files of a zone that is in service, and makes Asterisk read them. No reload ends a call. If Asterisk does
 * not accept the files, restores the former files if possible.
 *
 * @param before contents of the files before the edit.
 * @throws NodeUnchanged if the files cannot be installed or Asterisk does not accept them, and the former files are in
 * place; another NodeError after any other failure.
 */
export async function editAsterisk(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  before: Contents,
  log: Logger,
): Promise<void> {
  // Reload all files, not only those that differ: an earlier run may have been killed before the reload.
  const paths = Object.keys(files);
  const contents = contentsOf(files);
  const { changed } = await install(session, files);
  log.status(`Asterisk reads ${fileNames(paths)}`);
  const fault = await reloadAndCheck(session, paths, contents, before).then(
    (faults) =>
      faults.length === 0
        ? null
        : `Asterisk does not accept ${fileNames(paths)}: ${faults.join("; ")}`,
    (error: unknown) => {
      if (!(error instanceof NodeError)) throw error;
      return error.fault;
    },
  );
  if (fault !== null) {
    // If `changed` is empty, an earlier run has installed the files, and it is unknown what they have replaced.
    if (changed.length > 0 && (await rollBack(session, changed, contents))) {
      throw new NodeUnchanged(session.node, `${fault}. The former files are in service again`);
    }
    throw new NodeError(session.node, fault);
  }
  const removed = removedUsers(before, contents);
  if (removed.length > 0) await deleteRegistrations(session, new Set(removed));
  if (needsRestart(changed)) {
    log.info(
      `${session.node}: some changes in ${fileNames(changed)} take effect only at Asterisk's next start`,
    );
  }
}
