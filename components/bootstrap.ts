import type { ExchangePlan, NodePlan } from "../plan/exchange";
import type { NodeFile } from "../templates/node-file";
import { renderUserData, USER_DATA_LIMIT } from "../templates/user-data";
import { zoneFiles } from "./node-files";

/** Returns the user data of `node` in base64. */
export function userData(node: NodePlan, files: readonly NodeFile[]): string {
  return renderUserData({ hostname: node.name, sshHostKey: node.sshHostKey, files });
}

/**
 * Bytes to keep free, because the size of user data is estimated. Public addresses are not known yet. Addresses, names
 * and secrets differ between zones, and values of equal length compress to different lengths.
 */
const MARGIN = 256;

/** Minimum bytes of base64 of a user. A user needs more, because a random password does not compress. */
const MIN_BYTES_OF_USER = 20;

/** Maximum bytes of base64 of everything except users, for any number of zones. */
const MAX_BYTES_WITHOUT_USERS = USER_DATA_LIMIT / 2;

/** Maximum bytes of the text around a user's values, in the files of any driver and in YAML. */
const MAX_BYTES_AROUND_USER = 500;

/** Returns an upper bound of a user's bytes in base64: nothing compresses, and every character is escaped. */
function maxBytesOf({ extension, name, secret }: ExchangePlan["users"][number]): number {
  const written =
    6 * Buffer.byteLength(extension) + 2 * Buffer.byteLength(`${name ?? ""}${secret}`);
  return (4 / 3) * (MAX_BYTES_AROUND_USER + written);
}

/**
 * Returns whether user data can hold the users of `exchange`. If not, servers boot without users, and a NodeConfig
 * adds the users later. All other content always fits.
 */
export function usersFitUserData(exchange: ExchangePlan): boolean {
  const [zone] = exchange.zones;
  const maxBytes = exchange.users.reduce(
    (sum, user) => sum + maxBytesOf(user),
    MAX_BYTES_WITHOUT_USERS,
  );
  // Few users always fit, and very many never do. Both cases need no rendering.
  if (maxBytes <= USER_DATA_LIMIT) return true;
  const addresses = { controllerAddress: "255.255.255.255", address: "255.255.255.255" };
  return (
    exchange.users.length * MIN_BYTES_OF_USER < USER_DATA_LIMIT &&
    zone !== undefined &&
    userData(zone, zoneFiles(exchange, zone, addresses)).length + MARGIN <= USER_DATA_LIMIT
  );
}
