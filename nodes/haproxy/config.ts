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
 * Sees to it that a new controller's HAProxy serves with these files: it has booted with them, or waits
 * for them, as a cloud may carry little to a server.
 *
 * @throws NodeError saying what HAProxy did not take.
 */
export async function provisionHaproxy(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  log: Logger,
): Promise<void> {
  const haproxy = new Haproxy(session);
  // The unit of HAProxy does not start without a file.
  if (!(await haproxy.hasConfig())) {
    const { invalid } = await install(session, files, { validate: VALIDATE });
    if (invalid !== null) throw refused(session, invalid);
  }
  await haproxy.start();
  await applyHaproxy(session, files, log);
}

/**
 * Puts files of the controller into place, and lets the running HAProxy follow: zones come and go by
 * its runtime interface, and only what else has changed makes it read its file again. Nobody's
 * connection is touched by either.
 *
 * @throws NodeError saying what HAProxy did not take; {@link NodeUnchanged} where it has the former files.
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
  // What runs counts, and not what the file says: an earlier run may have been killed between the two.
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
      // The worker of before goes on with what it has read; the file is to say the same.
      if (changed.length > 0) await restore(session);
      await haproxy.remove(names);
      throw error;
    }
  }
  await haproxy.remove(remove);
}
