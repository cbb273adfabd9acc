import { NodeUnchanged, ScriptFailed, type Session } from "../ssh/session";
import { install, restore, type WantedFile } from "./files";

const RULES = "/etc/nftables.conf";
/** Path of the JSON file that saves the old rules. All other files are saved under the default path of `install`. */
const FORMER = "/var/lib/trunkline/former-firewall.json";

type Files = Readonly<Record<string, WantedFile>>;

/**
 * Installs the rules of the node's own packet filter, if `files` has any, and applies them. The rules do not track
 * connections, so open connections go on if the new rules allow their packets.
 *
 * @returns `files` without the rules.
 * @throws NodeUnchanged if the new rules cannot be installed or nft rejects them, and the former rules stay active and
 * installed; another NodeError after any other failure.
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
      `nft rejects the new rules: ${invalid}. Nothing was changed`,
    );
  }
  try {
    // Apply the rules even if the file has not changed: an earlier run may have been killed before this command.
    await session.run(`nft -f ${RULES}`);
  } catch (error) {
    if (!(error instanceof ScriptFailed) || changed.length === 0) throw error;
    // The former rules are still active, because nft applies either all rules of a file or none.
    await restore(session, FORMER);
    throw new NodeUnchanged(error.node, error.fault);
  }
  return others;
}
