import { type NodeError } from "../../core/errors";
import type { Logger } from "../../core/logger";
import { NodeUnchanged, type Session } from "../../ssh/session";
import { install, restore, type WantedFile } from "../files";
import { planHaproxyChange } from "./change";
import { Haproxy } from "./runtime";

const HAPROXY_CFG = "/etc/haproxy/haproxy.cfg";
const VALIDATE = { [HAPROXY_CFG]: 'haproxy -c -q -f "$1"' };

const refused = (session: Session, why: string): NodeError =>
  new NodeUnchanged(session.node, `HAProxy rejects haproxy.cfg: ${why}. Nothing was changed`);

/**
 * Installs the files of a new controller and makes its HAProxy use them. The server may have booted without
 * haproxy.cfg, because a cloud may limit the size of user data. HAProxy does not run then.
 *
 * @throws NodeError if a file cannot be installed, or if HAProxy rejects it or does not answer.
 */
export async function provisionHaproxy(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  log: Logger,
): Promise<void> {
  const haproxy = new Haproxy(session);
  // HAProxy's systemd unit does not start without a configuration file.
  if (!(await haproxy.hasConfig())) {
    const { invalid } = await install(session, files, { validate: VALIDATE });
    if (invalid !== null) throw refused(session, invalid);
  }
  await haproxy.start();
  await applyHaproxy(session, files, log);
}

/**
 * Installs files of the controller and applies them to the running HAProxy. Adds and removes zones through HAProxy's
 * runtime API. Reloads HAProxy only for other changes. Connections to the remaining zones are not interrupted.
 *
 * @throws NodeUnchanged if haproxy.cfg is invalid or the files cannot be installed, and all files are unchanged;
 * another NodeError after any other failure.
 */
export async function applyHaproxy(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  log: Logger,
): Promise<void> {
  const wanted = files[HAPROXY_CFG]?.content;
  if (wanted === undefined) {
    await install(session, files);
    return;
  }
  const haproxy = new Haproxy(session);
  // Compare with the running HAProxy, not with the installed file: an earlier run may have been killed before the
  // reload.
  const { add, reload, remove } = planHaproxyChange(await haproxy.runningConfig(), wanted);
  const names = add.map(({ name }) => name);
  await haproxy.add(add);
  const { changed, invalid } = await install(session, files, { validate: VALIDATE });
  if (invalid !== null) {
    await haproxy.remove(names);
    throw refused(session, invalid);
  }
  if (reload) {
    log.status("HAProxy reads haproxy.cfg");
    try {
      await haproxy.reload();
    } catch (error) {
      // If HAProxy rejects the file, the old worker keeps running with the former file. So restore the former file.
      if (changed.length > 0) await restore(session);
      await haproxy.remove(names);
      throw error;
    }
  }
  await haproxy.remove(remove);
}
