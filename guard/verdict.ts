import { durationInWords } from "../core/duration";
import { type DrainPolicy } from "../nodes/rotation/drain-decision";
import {
  CONTROLLER_RESTARTS,
  drainMessage,
  replacementMessage,
  joinMessage,
  membershipImpact,
  nodeConfigImpact,
} from "../provider/impact";
import { type NodeConfigInputs, type ZoneMembershipInputs } from "../provider/inputs";
import { CONTROLLER } from "../ssh/access";
import type { Plan, PlannedChange } from "./plan";
import {
  describe,
  isIndependentOfCalls,
  isGone,
  isInterrupted,
  NODE_PARTS,
  SHARED_PARTS,
} from "./resources";

/** A change in a plan, with its effect on callers. */
export interface ImpactRow {
  readonly change: string;
  readonly effect: string;
  /** Reason to refuse the change; null if the change is allowed. */
  readonly fault: string | null;
}

export interface Allowances {
  /** Whether the controller may be replaced or interrupted. */
  readonly controller: boolean;
}

const NODE_CONFIG = "pbx:index:NodeConfig";
const MEMBERSHIP = "pbx:index:ZoneMembership";

/** Matches the URN of a resource inside the component of a node. */
const OF_NODE = /trunkline:index:(HaproxyController|PbxNode|ExtendedZone)\$/;

interface NodeChanges {
  readonly parts: readonly PlannedChange[];
  readonly config: PlannedChange | undefined;
  readonly membership: PlannedChange | undefined;
}

const isServer = ({ type }: PlannedChange): boolean => NODE_PARTS[type]?.title === "server";

/** Returns the name of the zone or controller that `change` belongs to; undefined if it belongs to no node. */
function nodeOf({ urn, type, name, olds, news, action }: PlannedChange): string | undefined {
  const properties = action === "delete" ? olds : news;
  switch (type) {
    case NODE_CONFIG:
      return (properties as unknown as NodeConfigInputs).node;
    case MEMBERSHIP:
      return (properties as unknown as ZoneMembershipInputs).zone.name;
    default:
      return type in NODE_PARTS && OF_NODE.test(urn) ? name : undefined;
  }
}

/**
 * Returns whether the zone is drained before `change`. The deletion of the ZoneMembership drains the zone. Pulumi
 * deletes dependents first, so the drain precedes the deletion of every resource that the ZoneMembership depends on.
 */
function isDrained(
  change: PlannedChange,
  membership: PlannedChange | undefined,
  plan: Plan,
): boolean {
  if (membership === undefined || !isGone(membership)) {
    return false;
  }
  const reached = new Set([membership.urn]);
  for (const urn of reached) {
    for (const dependency of plan.changes.find((other) => other.urn === urn)?.dependencies ?? []) {
      reached.add(dependency);
    }
  }
  return reached.has(change.urn);
}

/** Returns the drain policy that the Pulumi program sets. If the plan has none, returns the one in the state. */
function drainPolicy(membership: PlannedChange, { changes }: Plan): DrainPolicy {
  const [inputs = membership.olds] = changes.flatMap(({ type, action, news }) =>
    [NODE_CONFIG, MEMBERSHIP].includes(type) && action !== "delete" ? [news] : [],
  );
  return (inputs as unknown as ZoneMembershipInputs).drain;
}

/** Returns the row for a zone that leaves the rotation, permanently or until its replacement is ready. */
function drainRow(
  zone: string,
  membership: PlannedChange,
  parts: readonly PlannedChange[],
  plan: Plan,
): ImpactRow {
  const drain = drainPolicy(membership, plan);
  const what = membership.action === "replace" ? replacementMessage(zone) : drainMessage(zone);
  const limit = durationInWords(drain.timeout);
  const deployed = plan.outputs.zones;
  const isOnlyZone =
    Array.isArray(deployed) &&
    deployed.length === 1 &&
    (deployed as { name: string }[])[0]?.name === zone;
  return {
    change: `${zone}: ${parts.length === 0 ? "leaves the rotation" : describe(parts)}`,
    effect: drain.force
      ? `${what}; calls that are still up after ${limit} are cut`
      : `${what}; its calls may go on for ${limit}`,
    fault: isOnlyZone
      ? `${zone} is the only zone and cannot be drained; add another zone first (pbx:zones)`
      : drain.force
        ? `pbx:drainForce is true: calls of ${zone} may be cut; set it to false`
        : null,
  };
}

/**
 * Returns whether `zone` has no ZoneMembership before the update, and is therefore out of the rotation. Returns false
 * if the plan lists no unchanged resource, because such a plan cannot show that a ZoneMembership is missing.
 */
const isOut = (zone: string, { known }: Plan): boolean =>
  known !== null && ![...known].some((urn) => urn.endsWith(`${MEMBERSHIP}::${zone}`));

function zoneRows(zone: string, { parts, membership }: NodeChanges, plan: Plan): ImpactRow[] {
  const undrained = parts.filter(
    (part) => isInterrupted(part) && !isDrained(part, membership, plan),
  );
  if (undrained.length > 0 && isOut(zone, plan)) {
    const change = `${zone}: ${describe(undrained)}`;
    return [{ change, effect: `${zone} is out of the rotation`, fault: null }];
  }
  if (undrained.length > 0) {
    return [
      {
        change: `${zone}: ${describe(undrained)}`,
        effect: `cuts every call of ${zone}`,
        fault: `${zone} is not drained before this; its ZoneMembership must be deleted first`,
      },
    ];
  }
  const server = parts.filter(isServer);
  // If the server is created and not replaced, the old server and its calls were lost earlier.
  const isLost =
    membership?.action === "replace" && server.some(({ action }) => action === "create");
  if (membership !== undefined && isGone(membership) && !isLost) {
    return [drainRow(zone, membership, server, plan)];
  }
  if (membership?.action === "create" || server.some(({ action }) => action === "create")) {
    const change = server.length > 0 ? describe(server) : "enters the rotation";
    return [{ change: `${zone}: ${change}`, effect: joinMessage(zone), fault: null }];
  }
  if (membership === undefined) {
    return [];
  }
  return membershipImpact(
    membership.olds as unknown as ZoneMembershipInputs,
    membership.news as unknown as ZoneMembershipInputs,
  ).map((effect) => ({ change: `${zone}: place in the rotation changed`, effect, fault: null }));
}

function controllerRows({ parts }: NodeChanges, allowed: Allowances): ImpactRow[] {
  if (parts.some((part) => part.type.endsWith(":FloatingIp") && isGone(part))) {
    return [
      {
        change: `${CONTROLLER}: ${describe(parts)}`,
        effect: "the exchange gets a new public address, which no phone knows",
        fault: "every phone must be reconfigured",
      },
    ];
  }
  const interrupted = parts.filter(isInterrupted);
  if (interrupted.length > 0) {
    return [
      {
        change: `${CONTROLLER}: ${describe(interrupted)}`,
        effect: CONTROLLER_RESTARTS,
        fault: allowed.controller
          ? null
          : "choose a time with few calls, and allow the change with: --allow-controller",
      },
    ];
  }
  return parts
    .filter((part) => isServer(part) && part.action === "create")
    .map((server) => ({
      change: `${CONTROLLER}: ${describe([server])}`,
      effect: "phones register once the controller is ready",
      fault: null,
    }));
}

/**
 * Returns rows for a node whose files change.
 *
 * @param described rows of other changes. Their effects are not repeated. For example, the files of the controller
 *   change because a zone is added, and both changes have the same effect: the zone joins.
 */
function configRows(
  node: string,
  { config }: NodeChanges,
  described: readonly ImpactRow[],
): ImpactRow[] {
  if (config?.action !== "update") {
    return [];
  }
  const lines = nodeConfigImpact(
    config.olds as unknown as NodeConfigInputs,
    config.news as unknown as NodeConfigInputs,
  );
  return lines
    .filter((line) => !described.some(({ effect }) => effect.startsWith(line)))
    .map((effect) => ({ change: `${node}: files changed`, effect, fault: null }));
}

function sharedRow(change: PlannedChange): ImpactRow[] {
  if (isIndependentOfCalls(change) || !isInterrupted(change)) {
    return [];
  }
  const isKnown = change.type in SHARED_PARTS;
  if (!isKnown && !change.type.startsWith("openstack:")) {
    return [];
  }
  return [
    {
      change: `${isKnown ? `${change.name}: ` : ""}${describe([change])}`,
      effect: isKnown
        ? "cuts every call that passes through it"
        : "unknown: calls may pass through it",
      fault:
        "the zones are not drained before this; deploy a second stack and move the phones there",
    },
  ];
}

function changesOf(node: string, { changes }: Plan): NodeChanges {
  const all = changes.filter((change) => nodeOf(change) === node);
  return {
    parts: all.filter(({ type }) => type in NODE_PARTS),
    config: all.find(({ type }) => type === NODE_CONFIG),
    membership: all.find(({ type }) => type === MEMBERSHIP),
  };
}

/** Returns the reasons to refuse the plan, one line each. */
export const faultsOf = (rows: readonly ImpactRow[]): string[] =>
  rows.flatMap(({ change, fault }) => (fault === null ? [] : [`${change}: ${fault}`]));

/** Returns the changes of a plan with their effects on callers. Omits changes that cannot concern callers. */
export function judge(plan: Plan, allowed: Allowances): ImpactRow[] {
  const names = new Set(plan.changes.flatMap((change) => nodeOf(change) ?? []));
  const nodes = [...names].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  const rows = [
    ...plan.changes.filter((change) => nodeOf(change) === undefined).flatMap(sharedRow),
    ...nodes.flatMap((node) =>
      node === CONTROLLER
        ? controllerRows(changesOf(node, plan), allowed)
        : zoneRows(node, changesOf(node, plan), plan),
    ),
  ];
  return [...rows, ...nodes.flatMap((node) => configRows(node, changesOf(node, plan), rows))];
}
