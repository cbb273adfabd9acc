/**
 * Describes the effects of a change on callers. All functions are pure. The provider prints the descriptions during a
 * preview and an update, and `npm run guard` shows them for a whole plan.
 *
 * @packageDocumentation
 */

import { posix } from "node:path";
import { joined } from "../core/format";
import { ASTERISK_FOLDER, RELOADABLE } from "../nodes/asterisk/reloadable-files";
import { CONTROLLER } from "../ssh/access";
import { type NodeConfigInputs, type ZoneMembershipInputs } from "./inputs";
import { isUnknown } from "./wire";

/**
 * Seconds from the deletion of the controller's server until its successor accepts registrations.
 * Measured in the lab with emulated servers.
 */
const CONTROLLER_RESTART_SECONDS = 90;

export const joinMessage = (zone: string): string => `${zone} joins once it is ready`;
export const drainMessage = (zone: string): string => `${zone} drains, then is deleted`;
export const replacementMessage = (zone: string): string =>
  `${zone} drains, is replaced, and comes back; the other zones keep serving`;
export const CONTROLLER_RESTARTS =
  "controller restarts: calls keep their media; new calls and registrations wait about " +
  `${String(CONTROLLER_RESTART_SECONDS)} s (as measured under emulation)`;
export const NO_EFFECT = "nothing that callers notice";

/** Returns whether an object is known. In a preview, an object that depends on a new resource may be a placeholder. */
const isKnown = (value: unknown): boolean => typeof value === "object" && value !== null;

function changedFiles(olds: NodeConfigInputs, news: NodeConfigInputs): string[] {
  const paths = new Set([...Object.keys(olds.files), ...Object.keys(news.files)]);
  return [...paths].filter((path) => {
    const [before, after] = [olds.files[path], news.files[path]];
    return (
      before?.digest !== after?.digest ||
      before?.owner !== after?.owner ||
      before?.mode !== after?.mode
    );
  });
}

const without = (zones: NodeConfigInputs["zones"], others: NodeConfigInputs["zones"]): string[] => {
  const names = new Set(others.map(({ name }) => name));
  return zones.map(({ name }) => name).filter((name) => !names.has(name));
};

function controllerImpact(olds: NodeConfigInputs, news: NodeConfigInputs): string[] {
  const added = without(news.zones, olds.zones);
  const removed = without(olds.zones, news.zones);
  if (added.length + removed.length > 0) {
    return [...added.map(joinMessage), ...removed.map(drainMessage)];
  }
  return changedFiles(olds, news).some((path) => posix.basename(path) === "haproxy.cfg")
    ? [`${CONTROLLER}: HAProxy reloads (haproxy.cfg): calls and registrations go on`]
    : [];
}

function zoneImpact(olds: NodeConfigInputs, news: NodeConfigInputs): string[] {
  const files = changedFiles(olds, news)
    .filter((path) => path.startsWith(ASTERISK_FOLDER))
    .map((path) => posix.basename(path));
  const read = files.flatMap((file) => {
    const subject = RELOADABLE[file]?.subject ?? null;
    return subject === null ? [] : [`${subject} (${file})`];
  });
  // Asterisk reads these files only when it starts. An edit does not restart Asterisk.
  const unread = files.filter((file) => !(file in RELOADABLE));
  return [
    ...(read.length === 0
      ? []
      : [`${news.node}: change of ${joined(read)}: reload only, calls go on`]),
    ...(unread.length === 0
      ? []
      : [
          `${news.node}: change of ${joined(unread)}: takes effect when Asterisk starts again, calls go on`,
        ]),
  ];
}

/**
 * Returns the effects on callers of a change of a node's files, or of a replacement of the controller's server.
 * Each effect is one line.
 */
export function nodeConfigImpact(olds: NodeConfigInputs, news: NodeConfigInputs): string[] {
  if (olds.serverId !== news.serverId) {
    // `membershipImpact` describes the replacement of a zone's server.
    return news.node === CONTROLLER ? [CONTROLLER_RESTARTS] : [];
  }
  if (![olds.files, olds.zones, news.files, news.zones].every(isKnown)) {
    return [`${news.node}: its files depend on values that the cloud has not assigned yet`];
  }
  const lines = news.node === CONTROLLER ? controllerImpact(olds, news) : zoneImpact(olds, news);
  return lines.length === 0 && changedFiles(olds, news).length > 0
    ? [`${news.node}: ${NO_EFFECT}`]
    : lines;
}

/**
 * Returns whether a zone's server is about to be deleted. The deletion comes before the creation of the successor: if
 * the successor's ID is known, the old server and its calls are already gone.
 */
export const isServerDeleted = (olds: ZoneMembershipInputs, news: ZoneMembershipInputs): boolean =>
  olds.serverId !== news.serverId && isUnknown(news.serverId);

/**
 * Returns the effects on callers of a change of a zone's membership in the rotation.
 *
 * @param mustEnter whether the zone must enter the rotation again, even if its membership has not changed.
 */
export function membershipImpact(
  olds: ZoneMembershipInputs,
  news: ZoneMembershipInputs,
  mustEnter = false,
): string[] {
  const { name } = news.zone;
  if (isServerDeleted(olds, news)) return [replacementMessage(name)];
  // The zone must enter again if the controller or the zone's server is new. `controllerId` also differs if the last
  // update or refresh recorded that the zone is out of the rotation.
  return olds.controllerId === news.controllerId && olds.serverId === news.serverId && !mustEnter
    ? []
    : [`${name} enters the rotation again`];
}
