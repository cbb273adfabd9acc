import { NodeError, type Say, ScriptFailed, type Session } from "./session";

/** How long a server may take from its first login until all its first boot is done, in seconds. */
const BOOT_DEADLINE = 300;

/** The exit code of a wait that was in vain. */
const LATE = 3;

/**
 * Waited for on the node itself: a login for each look would keep the booting server from its work.
 * Where there is no cloud-init there is nothing to wait for. What the image's own check has against the
 * node's files does not count yet: a server may have booted with those of its predecessor.
 */
const BOOTED = `
end=$(( $(date +%s) + ${String(BOOT_DEADLINE)} ))
while [ -d /run/cloud-init ] && [ ! -e /run/cloud-init/result.json ]; do
  [ $(date +%s) -lt $end ] || exit ${String(LATE)}
  sleep 0.5
done
cat /run/cloud-init/result.json 2>/dev/null || true`;

/** Resolves when the node's first boot is done. @throws NodeError saying what went wrong in it. */
export async function untilBooted(session: Session, say: Say): Promise<void> {
  say("waiting for cloud-init");
  let result: string;
  try {
    result = await session.run(BOOTED);
  } catch (error) {
    if (!(error instanceof ScriptFailed) || error.exitCode !== LATE) throw error;
    throw new NodeError(
      session.node,
      `cloud-init is not done after ${String(BOOT_DEADLINE)} s; see /var/log/cloud-init.log there`,
    );
  }
  const { errors = [] } =
    result.trim() === "" ? {} : (JSON.parse(result) as { v1: { errors?: string[] } }).v1;
  if (errors.length > 0) {
    throw new NodeError(session.node, `cloud-init failed: ${errors.join("; ")}`);
  }
}
