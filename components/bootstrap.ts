import type { ExchangePlan, NodePlan } from "../plan/exchange-plan";
import type { NodeFile } from "../templates/node-file";
import { renderUserData, USER_DATA_LIMIT } from "../templates/user-data";
import { zoneFiles } from "./node-files";

/** Returns the user data of `node` in base64. */
export function userData(node: NodePlan, files: readonly NodeFile[]): string {
  return renderUserData({ hostname: node.name, sshHostKey: node.sshHostKey, files });
}

/**
 * Bytes of base64 to keep free, because the size is estimated from the files of zone1 with placeholder addresses.
 * Addresses, names and secrets differ between zones, and values of equal length compress to different lengths.
 */
const MARGIN = 256;

/** Minimum bytes in base64 of a user with a derived password: 120 random bits take 20 bytes, even compressed. */
const MIN_BYTES_OF_USER = 20;

/** Upper bound of the bytes in base64 of user data without users, for any number of zones. */
const MAX_BYTES_WITHOUT_USERS = USER_DATA_LIMIT / 2;

/** Upper bound of the bytes in YAML of a user's entry without the user's own values, with any SIP driver. */
const MAX_BYTES_AROUND_USER = 500;

/**
 * Returns an upper bound of a user's bytes in base64. Assumes no compression, six copies of the extension, and an
 * escape for every character of name and password.
 */
function maxBytesOf({ extension, name, secret }: ExchangePlan["users"][number]): number {
  const written =
    6 * Buffer.byteLength(extension) + 2 * Buffer.byteLength(`${name ?? ""}${secret}`);
  return (4 / 3) * (MAX_BYTES_AROUND_USER + written);
}

/**
 * Returns whether user data can hold the users of `exchange`. If not, servers must boot without users, and a NodeConfig
 * adds the users later. All other content always fits.
 */
export function usersFitUserData(exchange: ExchangePlan): boolean {
  const [zone] = exchange.zones;
  const maxBytes = exchange.users.reduce(
    (sum, user) => sum + maxBytesOf(user),
    MAX_BYTES_WITHOUT_USERS,
  );
  // Few users always fit. Very many users count as too many. Only a number in between needs a rendering.
  if (maxBytes <= USER_DATA_LIMIT) return true;
  const addresses = { controllerAddress: "255.255.255.255", address: "255.255.255.255" };
  return (
    exchange.users.length * MIN_BYTES_OF_USER < USER_DATA_LIMIT &&
    zone !== undefined &&
    userData(zone, zoneFiles(exchange, zone, addresses)).length + MARGIN <= USER_DATA_LIMIT
  );
}
