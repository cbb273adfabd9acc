import { type NodeResult, withTimeout } from "../../ssh/timeout";
import type { ZoneHost } from "../../ssh/access";
import type { Session } from "../../ssh/session";
import type { Connections } from "../../ssh/connections";
import type { CommandForm } from "../arguments";
import { OperatorError } from "../../core/errors";
import type { DeployedExchange } from "../../stack/nodes";

/** A running exchange, and how its operator wants to be told of it. */
export interface PbxContext extends DeployedExchange {
  readonly stack: string;
  /** The exchange as it is by now, give or take a minute. @throws OperatorError */
  readonly latest: () => Promise<DeployedExchange>;
  readonly connections: Connections;
  /** For a program to read. */
  readonly json: boolean;
  /** Again and again. */
  readonly watch: boolean;
}

/** A command of `npm run pbx`. */
export interface Command extends CommandForm {
  /** @param operand the word after the command's name, or after `--lift`; empty if there is none. */
  run(desk: PbxContext, operand: string): Promise<void>;
}

/** How long a node may take that answers for the first time, in milliseconds. */
export const FIRST_ANSWER = 20_000;

/** The desk with the nodes there are by now; where nobody can tell, as it was, and why. */
export async function refreshed(
  desk: PbxContext,
): Promise<{ desk: PbxContext; fault: string | null }> {
  try {
    return { desk: { ...desk, ...(await desk.latest()) }, fault: null };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { desk, fault: error.message };
  }
}

/** What `look` finds in each zone, side by side, in their order. */
export function inEachZone<T>(
  { nodes, connections }: PbxContext,
  look: (session: Session) => Promise<T>,
): Promise<NodeResult<T>[]> {
  return Promise.all(
    nodes.zones.map((zone) =>
      withTimeout(zone.name, FIRST_ANSWER, connections.zone(nodes.access, zone, 0).then(look)),
    ),
  );
}

/** @throws OperatorError naming the zones that there are. */
export function zoneNamed({ nodes, stack }: PbxContext, name: string): ZoneHost {
  const zone = nodes.zones.find((candidate) => candidate.name === name);
  if (zone === undefined) {
    const names = nodes.zones.map((candidate) => candidate.name).join(", ");
    throw new OperatorError(`stack ${stack} has no ${name}; its zones are ${names}`);
  }
  return zone;
}

export const printJson = (value: unknown): void => {
  console.log(JSON.stringify(value, null, 2));
};
