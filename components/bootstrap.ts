import type { ExchangePlan, NodePlan } from "../plan/exchange";
import type { NodeFile } from "../templates/node-file";
import { renderUserData, USER_DATA_LIMIT } from "../templates/user-data";
import { zoneFiles } from "./node-files";

/** Returns the user data of `node`, in base64. */
export function userData(node: NodePlan, files: readonly NodeFile[]): string {
  return renderUserData({ hostname: node.name, sshHostKey: node.sshHostKey, files });
}

/**
 * Bytes left free for what is known only later, or differs from zone to zone: addresses, names and
 * secrets of the same length do not compress to the same one.
 */
const MARGIN = 256;

/** A password is random, and random text does not compress: in base64, a user takes more than this. */
const BYTES_OF_USER = 20;

/** At most this many bytes of base64 are everything but users, however many zones there are. */
const BYTES_WITHOUT_USERS = USER_DATA_LIMIT / 2;

/** Of a user, the lines around what is written of it, in any driver's file and in YAML. */
const BYTES_AROUND_USER = 500;

/** More than a user takes in base64, even where nothing can be compressed and all has to be escaped. */
function mostBytesOf({ extension, name, secret }: ExchangePlan["users"][number]): number {
  const written =
    6 * Buffer.byteLength(extension) + 2 * Buffer.byteLength(`${name ?? ""}${secret}`);
  return (4 / 3) * (BYTES_AROUND_USER + written);
}

/**
 * Whether user data holds the users of `exchange`. If not, its servers boot without, and a NodeConfig
 * brings the users; everything else fits always.
 */
export function usersFitUserData(exchange: ExchangePlan): boolean {
  const [zone] = exchange.zones;
  const most = exchange.users.reduce((sum, user) => sum + mostBytesOf(user), BYTES_WITHOUT_USERS);
  // A few users need not be rendered to know, nor tens of thousands.
  if (most <= USER_DATA_LIMIT) return true;
  const addresses = { controllerAddress: "255.255.255.255", address: "255.255.255.255" };
  return (
    exchange.users.length * BYTES_OF_USER < USER_DATA_LIMIT &&
    zone !== undefined &&
    userData(zone, zoneFiles(exchange, zone, addresses)).length + MARGIN <= USER_DATA_LIMIT
  );
}
