import { type NodeError } from "../../core/errors";
import { Haproxy } from "./runtime";
import { planHaproxyChange } from "./change";
import { install, restore, type WantedFile } from "../files";
import { NodeUnchanged, type Session } from "../../ssh/session";
import type { Logger } from "../../core/logger";

const HAPROXY_CFG = "/etc/haproxy/haproxy.cfg";
const VALIDATE = { [HAPROXY_CFG]: 'haproxy -c -q -f "$1"' };

const refused = (session: Session, why: string): NodeError =>
  new NodeUnchanged(session.node, `HAProxy does not take haproxy.cfg: ${why}. Nothing was changed`);

/**
 * Makes the HAProxy of a new controller use these files. The server has booted with them, or HAProxy waits
 * for them, because a cloud may limit the size of user data.
 *
 * @throws NodeError if HAProxy does not take the files.
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
 * Installs files of the controller and applies them to the running HAProxy. Zones are added and removed
 * through HAProxy's runtime API. HAProxy reloads its file only for other changes. Neither interrupts a
 * connection.
 *
 * @throws NodeError if HAProxy does not take the files; {@link NodeUnchanged} if the former files are still in use.
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
  // Compare with the running HAProxy, not with the file: an earlier run may have been killed before the reload.
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
      // The old worker keeps running with the former file, so restore that file.
      if (changed.length > 0) await restore(session);
      await haproxy.remove(names);
      throw error;
    }
  }
  await haproxy.remove(remove);
}
