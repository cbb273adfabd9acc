import { NodeError } from "../../core/errors";
import type { Logger } from "../../core/logger";
import type { Session } from "../../ssh/session";
import { contentsOf, install, type WantedFile } from "../files";
import { activityOf } from "./activity";
import { asteriskProgram } from "./asterisk-program";
import { waitForAsterisk } from "./console";
import { reloadAndCheck } from "./reload";
import { fileNames, needsRestart } from "./reloadable-files";

/** Restarts Asterisk. @throws NodeError if there are calls. */
async function restart(session: Session, paths: readonly string[], log: Logger): Promise<void> {
  // A new server may have calls. If the previous server was lost, the zone is still in the rotation, and HAProxy sends
  // phones to the new server as soon as its Asterisk answers SIP.
  const { channels } = await activityOf(session);
  if (channels > 0) {
    throw new NodeError(
      session.node,
      `Asterisk must be restarted because of ${fileNames(paths)}, but there are calls; ` +
        "run the same command again when they have ended",
    );
  }
  log.status("restarting Asterisk");
  await asteriskProgram(session, "restart");
}

/**
 * Installs the files of a new server and makes its Asterisk use them. The server may have booted with the user data of
 * its predecessor, and so with old files. Files may also be missing, because a cloud may limit the size of user data.
 *
 * @param files all files of the zone.
 * @throws NodeError if the files cannot be installed, or if Asterisk does not accept them, does not start, or must be
 * restarted although it has calls.
 */
export async function provisionAsterisk(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  log: Logger,
): Promise<void> {
  const contents = contentsOf(files);
  const { changed } = await install(session, files);
  const unread = new Set(changed);
  if (!needsRestart(changed)) {
    log.status("waiting for Asterisk");
    // Include files that an earlier run installed, because it may have been killed before Asterisk read them.
    const newer = await asteriskProgram(session, "start-unread", Object.keys(files));
    for (const path of newer.split("\n")) unread.add(path);
  }
  const paths = Object.keys(files).filter((path) => unread.has(path));
  if (needsRestart(paths)) await restart(session, paths, log);
  await waitForAsterisk(session);
  const faults = await reloadAndCheck(session, paths, contents);
  if (faults.length > 0) {
    throw new NodeError(session.node, `Asterisk does not accept its files: ${faults.join("; ")}`);
  }
}
