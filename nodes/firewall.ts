import { install, restore, type WantedFile } from "./files";
import { NodeUnchanged, ScriptFailed, type Session } from "../ssh/session";

const RULES = "/etc/nftables.conf";
/** Separate from the file that the node's service restores from. */
const FORMER = "/var/lib/trunkline/former-firewall.json";

type Files = Readonly<Record<string, WantedFile>>;

/**
 * Installs the rules of the node's own packet filter, if `files` has any, and applies them. Existing connections stay
 * open.
 *
 * @returns the other files.
 * @throws NodeUnchanged if nft does not take the rules.
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
    // Also if the file has not changed: an earlier run may have been killed before this command.
    await session.run(`nft -f ${RULES}`);
  } catch (error) {
    if (!(error instanceof ScriptFailed) || changed.length === 0) throw error;
    // nft applies all rules of a file, or none: the former rules are still active.
    await restore(session, FORMER);
    throw new NodeUnchanged(error.node, error.fault);
  }
  return others;
}
