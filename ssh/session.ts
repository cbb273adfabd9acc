import type { Duplex } from "node:stream";
import type { z } from "zod";
import { NodeError } from "../core/errors";

/**
 * Error of a script that ended with a nonzero exit code. The message has the last lines of standard error, or of
 * standard output if standard error is empty. If both are empty, the message has the exit code.
 */
export class ScriptFailed extends NodeError {
  constructor(
    node: string,
    readonly exitCode: number,
    readonly stdout: string,
    readonly stderr: string,
  ) {
    const lastLines = (stderr.trim() || stdout.trim()).split("\n").slice(-5).join("\n");
    super(node, lastLines === "" ? `a command failed (exit code ${String(exitCode)})` : lastLines);
  }
}

/** Error of an operation that failed and has left the node's files as they were. */
export class NodeUnchanged extends NodeError {}

/** Error of a request that the node's agent could not carry out. */
export class AgentRefused extends NodeError {
  constructor(
    node: string,
    /** Error message from the agent. The message of this object adds a remedy. */
    readonly reason: string,
    /** Paths of files that were changed and could not be restored. */
    readonly notRestored: readonly string[] = [],
  ) {
    super(node, `${reason}; fix the problem and run the same command again`);
  }
}

/** Open connection to a node. Several operations may use it at the same time. */
export interface Session {
  /** `controller`, `zone1`, … */
  readonly node: string;

  /**
   * Runs a POSIX shell script as root and returns its standard output.
   *
   * @param input standard input of the script.
   * @throws ScriptFailed if the exit code is not 0; another NodeError if the exit code or the output is unknown.
   */
  run(script: string, input?: Buffer | string): Promise<string>;

  /**
   * Sends a request to the node's agent and returns the result. agent.py describes the requests.
   *
   * @throws AgentRefused if the agent cannot carry out the request; another NodeError if the agent gives no valid
   * answer.
   */
  ask(request: object): Promise<unknown>;

  /** Opens a TCP connection from the node (RFC 4254, section 7.2). @throws NodeError */
  connect(address: string, port: number): Promise<Duplex>;
}

/**
 * Sends a request to the node's agent and validates the result.
 *
 * @throws AgentRefused if the agent cannot carry out the request; another NodeError if the agent gives no valid answer,
 * or if the result does not match `schema`.
 */
export async function askAgent<T>(
  session: Session,
  request: object,
  schema: z.ZodType<T>,
): Promise<T> {
  const { data, success } = schema.safeParse(await session.ask(request));
  if (success) return data;
  throw new NodeError(
    session.node,
    "its agent sent a result in an unexpected format; run the same command again",
  );
}
