import { NodeError, type Say, ScriptFailed, type Session } from "./session";

/** How long a server may take from its first login until all its first boot is done, in seconds. */
const BOOT_DEADLINE = 300;

/** How long it is waited for on the node at a time, in seconds: an interruption is noticed between. */
const SHIFT = 2;

/** The exit code of a wait that was in vain. */
const LATE = 3;

/**
 * Waited for on the node itself: a request for each look would keep the booting server from its work.
 * Where there is no cloud-init there is nothing to wait for. What the image's own check has against the
 * node's files does not count yet: a server may have booted with those of its predecessor.
 */
const BOOTED = `
end=$(( $(date +%s) + ${String(SHIFT)} ))
while [ -d /run/cloud-init ] && [ ! -e /run/cloud-init/result.json ]; do
  [ $(date +%s) -lt $end ] || exit ${String(LATE)}
  sleep 0.5
done
cat /run/cloud-init/result.json 2>/dev/null || true`;

/**
 * Resolves when the node's first boot is done.
 *
 * @throws NodeError saying what went wrong in it, or that `signal` has ended the wait.
 */
export async function untilBooted(session: Session, say: Say, signal: AbortSignal): Promise<void> {
  say("waiting for cloud-init");
  const end = Date.now() + BOOT_DEADLINE * 1000;
  let result: string | null = null;
  while (result === null) {
    result = await booted(session);
    if (result === null && signal.aborted) {
      throw new NodeError(session.node, "interrupted before cloud-init was done");
    }
    if (result === null && Date.now() > end) {
      throw new NodeError(
        session.node,
        `cloud-init is not done after ${String(BOOT_DEADLINE)} s; see /var/log/cloud-init.log there`,
      );
    }
  }
  const { errors = [] } =
    result.trim() === "" ? {} : (JSON.parse(result) as { v1: { errors?: string[] } }).v1;
  if (errors.length > 0) {
    throw new NodeError(session.node, `cloud-init failed: ${errors.join("; ")}`);
  }
}

/** What cloud-init says of its work; null where it is not done in a while. */
async function booted(session: Session): Promise<string | null> {
  try {
    return await session.run(BOOTED);
  } catch (error) {
    if (!(error instanceof ScriptFailed) || error.exitCode !== LATE) throw error;
    return null;
  }
}
