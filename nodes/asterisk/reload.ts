import { ScriptFailed, type Session } from "../../ssh/session";
import { asterisk } from "./console";
import { loggedErrors, watchLog } from "./log";
import { readBack } from "./read-back";
import { ASTERISK_FOLDER, type Contents, reloadCommands } from "./reloadable-files";

const LOGGER_CONF = `${ASTERISK_FOLDER}logger.conf`;
const USERS = `${ASTERISK_FOLDER}users.sql`;
/** Program of the image that loads users.sql into the database from which res_pjsip reads users. */
const LOAD_USERS = "/usr/lib/trunkline/load-users";
/** Timeout of a reload in seconds, enough for ten thousand users on an emulated processor. */
const TIMEOUT = 180;

/**
 * Makes a running Asterisk read the files at `paths`.
 *
 * @returns the error message if the users cannot be loaded; otherwise null. Asterisk reports other errors only in its
 * log.
 * @throws NodeError if Asterisk does not answer a command.
 */
export async function reload(
  session: Session,
  paths: readonly string[],
  contents: Contents,
): Promise<string | null> {
  if (paths.includes(USERS)) {
    try {
      await session.run(LOAD_USERS);
    } catch (error) {
      if (!(error instanceof ScriptFailed)) throw error;
      return error.fault;
    }
  }
  await asterisk(session, reloadCommands(paths, contents), TIMEOUT);
  return null;
}

/**
 * Makes a running Asterisk read the files at `paths`, and checks the result.
 *
 * @param before contents of the files before the edit. If a file is not in `before`, all its entries are checked, or a
 * sample of the users in users.sql.
 * @returns the errors that Asterisk reports, and its differences from the files; empty if there are none.
 * @throws NodeError if Asterisk does not answer a command.
 */
export async function reloadAndCheck(
  session: Session,
  paths: readonly string[],
  contents: Contents,
  before: Contents = {},
): Promise<string[]> {
  const others = paths.filter((path) => path !== LOGGER_CONF);
  // Reload logger.conf first. It sets the format of the log, and `loggedErrors` understands no other format.
  if (others.length < paths.length) await reload(session, [LOGGER_CONF], contents);
  await watchLog(session);
  const errors = (): Promise<string[]> => loggedErrors(session, others);
  const notLoaded = await reload(session, others, contents);
  if (notLoaded !== null) return [notLoaded];
  const isRefused = async (): Promise<boolean> => (await errors()).length > 0;
  const differences = await readBack(session, contents, before, isRefused);
  return [...(await errors()), ...differences];
}
