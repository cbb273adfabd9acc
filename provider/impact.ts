import { posix } from "node:path";
import { ASTERISK_FOLDER, RELOADABLE } from "../nodes/asterisk/files";
import { CONTROLLER } from "../ssh/access";
import { type NodeConfigInputs, type ZoneMembershipInputs } from "./inputs";
import { isUnknown } from "./wire";

/**
 * What callers feel of a change, in words. Pure: the provider says them during a preview and an
 * update, and `npm run guard` puts them beside a whole plan.
 */

/**
 * Seconds from the deletion of the controller's server until its successor takes registrations:
 * measured in the lab, where servers boot under software emulation.
 */
const CONTROLLER_RESTART_SECONDS = 90;

export const joins = (zone: string): string => `${zone} joins once it is ready`;
export const drains = (zone: string): string => `${zone} drains, then goes`;
export const isReplaced = (zone: string): string =>
  `${zone} drains, is replaced, and comes back; the other zones keep serving`;
export const CONTROLLER_RESTARTS =
  "controller restarts: calls keep their media; new calls and registrations wait about " +
  `${String(CONTROLLER_RESTART_SECONDS)} s (as measured under emulation)`;
export const NOTHING = "nothing that callers notice";

/** `a`, `a and b`, `a, b and c`. */
function listed(items: readonly string[]): string {
  const last = items.at(-1) ?? "";
  return items.length < 2 ? last : `${items.slice(0, -1).join(", ")} and ${last}`;
}

/** During a preview, a value that the cloud is still to give is something else than its type says. */
const isKnown = (value: unknown): boolean => typeof value === "object" && value !== null;

/** Paths of the files that come, go or change. */
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
  const come = without(news.zones, olds.zones);
  const go = without(olds.zones, news.zones);
  if (come.length + go.length > 0) {
    return [...come.map(joins), ...go.map(drains)];
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
  // Asterisk reads them at its start alone, and is not started again while there is a call.
  const unread = files.filter((file) => !(file in RELOADABLE));
  return [
    ...(read.length === 0
      ? []
      : [`${news.node}: change of ${listed(read)}: reload only, calls go on`]),
    ...(unread.length === 0
      ? []
      : [`${news.node}: change of ${listed(unread)}: from Asterisk's next start on, calls go on`]),
  ];
}

/**
 * What callers feel of an update of a node's files, a line each; empty where there is nothing to
 * update. Tells a new server from the old one as well.
 */
export function nodeConfigImpact(olds: NodeConfigInputs, news: NodeConfigInputs): string[] {
  if (olds.serverId !== news.serverId) {
    // A zone's membership says what happens to it.
    return news.node === CONTROLLER ? [CONTROLLER_RESTARTS] : [];
  }
  if (![olds.files, olds.zones, news.files, news.zones].every(isKnown)) {
    return [`${news.node}: its files follow what the cloud is still to give`];
  }
  const lines = news.node === CONTROLLER ? controllerImpact(olds, news) : zoneImpact(olds, news);
  return lines.length === 0 && changedFiles(olds, news).length > 0
    ? [`${news.node}: ${NOTHING}`]
    : lines;
}

/**
 * Whether a zone's server is to go. It does so before its successor is there: one whose successor is
 * known is gone already, with its calls.
 */
export const serverGoes = (olds: ZoneMembershipInputs, news: ZoneMembershipInputs): boolean =>
  olds.serverId !== news.serverId && isUnknown(news.serverId);

/**
 * What callers feel of a change of a zone's place in the rotation.
 *
 * @param isForgotten whether the controller has to be told of the zone again.
 */
export function membershipImpact(
  olds: ZoneMembershipInputs,
  news: ZoneMembershipInputs,
  isForgotten = false,
): string[] {
  const { name } = news.zone;
  if (serverGoes(olds, news)) return [isReplaced(name)];
  // Another controller does not know it, or a refresh found it out of the rotation.
  return olds.controllerId === news.controllerId && olds.serverId === news.serverId && !isForgotten
    ? []
    : [`${name} enters the rotation again`];
}
