import { install, restore, type WantedFile } from "./files";
import { NodeUnchanged, ScriptFailed, type Session } from "../ssh/session";

const RULES = "/etc/nftables.conf";
/** Apart from what the node's service can take back. */
const FORMER = "/var/lib/trunkline/former-firewall.json";

type Files = Readonly<Record<string, WantedFile>>;

/**
 * Lets the node's own packet filter follow its file, where it has one. Connections that are there stay.
 *
 * @returns the other files.
 * @throws NodeUnchanged saying what nft does not take.
 */
export async function applyFirewall(session: Session, files: Files): Promise<Files> {
  const { [RULES]: rules, ...others } = files;
  if (rules === undefined) return files;
  const { invalid, changed } = await install(
    session,
    { [RULES]: rules },
    { validate: { [RULES]: 'nft -c -f "$1"' }, former: FORMER },
  );
  if (invalid !== null) {
    throw new NodeUnchanged(
      session.node,
      `nft does not take its rules: ${invalid}. Nothing was changed`,
    );
  }
  try {
    // Also where the file was there: an earlier run may have been killed in between.
    await session.run(`nft -f ${RULES}`);
  } catch (error) {
    if (!(error instanceof ScriptFailed) || changed.length === 0) throw error;
    // It takes all rules of a file, or none.
    await restore(session, FORMER);
    throw new NodeUnchanged(error.node, error.fault);
  }
  return others;
}
