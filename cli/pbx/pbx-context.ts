import { OperatorError } from "../../core/errors";
import type { ZoneHost } from "../../ssh/access";
import type { Connections } from "../../ssh/connections";
import type { Session } from "../../ssh/session";
import { type NodeResult, withTimeout } from "../../ssh/timeout";
import type { DeployedExchange } from "../../stack/nodes";
import type { CommandForm } from "../arguments";

/** A running exchange, and the options of the command line. */
export interface PbxContext extends DeployedExchange {
  readonly stack: string;
  /** Returns the exchange as it was at most about a minute ago. @throws OperatorError */
  readonly latest: () => Promise<DeployedExchange>;
  readonly connections: Connections;
  readonly json: boolean;
  /** Whether to repeat the command until it is interrupted. */
  readonly watch: boolean;
}

/** A command of `npm run pbx`. */
export interface Command extends CommandForm {
  /** @param operand the argument after the command's name, or the value of `--lift`; empty if there is none. */
  run(context: PbxContext, operand: string): Promise<void>;
}

/** Timeout in milliseconds for the requests to one node, including the time to connect to the node. */
export const FIRST_ANSWER = 20_000;

/** Returns the context with the nodes of `latest`. If the nodes cannot be read, returns `context` and the fault. */
export async function refreshed(
  context: PbxContext,
): Promise<{ context: PbxContext; fault: string | null }> {
  try {
    return { context: { ...context, ...(await context.latest()) }, fault: null };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { context, fault: error.message };
  }
}

/** Runs `read` in all zones in parallel and returns the results in the order of the zones. */
export function inEachZone<T>(
  { nodes, connections }: PbxContext,
  read: (session: Session) => Promise<T>,
): Promise<NodeResult<T>[]> {
  return Promise.all(
    nodes.zones.map((zone) =>
      withTimeout(zone.name, FIRST_ANSWER, connections.zone(nodes.access, zone, 0).then(read)),
    ),
  );
}

/** Returns the zone `name`. @throws OperatorError with the names of all zones, if there is no zone `name` */
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
