import type { Exchange, NodePlan } from "../plan/exchange";
import type { NodeFile } from "../templates/node-file";
import { renderUserData, USER_DATA_LIMIT } from "../templates/user-data";
import { zoneFiles } from "./node-files";

/**
 * User data of `node`, in base64.
 *
 * @param commands that are run when `files` are there.
 */
export function userData(
  node: NodePlan,
  files: readonly NodeFile[],
  commands: readonly (readonly string[])[] = [],
): string {
  return renderUserData({ hostname: node.name, sshHostKey: node.sshHostKey, files, commands });
}

/**
 * Bytes left free for what is known only later, or differs from zone to zone: addresses, names and
 * secrets of the same length do not compress to the same one.
 */
const MARGIN = 256;

/** A password is random, and random text does not compress: in base64, a user takes more than this. */
const BYTES_OF_USER = 20;

/**
 * Whether user data holds the users of `exchange`. If not, its servers boot without, and a NodeConfig
 * brings the users; everything else fits always.
 */
export function usersFitUserData(exchange: Exchange): boolean {
  const [zone] = exchange.zones;
  const addresses = { controllerAddress: "255.255.255.255", address: "255.255.255.255" };
  return (
    // Tens of thousands of users need not be rendered to know.
    exchange.users.length * BYTES_OF_USER < USER_DATA_LIMIT &&
    zone !== undefined &&
    userData(zone, zoneFiles(exchange, zone, addresses)).length + MARGIN <= USER_DATA_LIMIT
  );
}
