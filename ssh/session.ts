import type { Duplex } from "node:stream";
import type { z } from "zod";
import { NodeError } from "../core/errors";

/**
 * A script ended with a nonzero exit code. The message has the last lines of standard error, or of standard output if
 * standard error is empty.
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

/** An operation failed, and the node is unchanged. */
export class NodeUnchanged extends NodeError {}

/** The node's agent could not carry out a request. */
export class AgentRefused extends NodeError {
  constructor(
    node: string,
    /** The agent's error message, without the remedy. */
    readonly reason: string,
    /** Paths of files that were replaced and could not be restored. */
    readonly notRestored: readonly string[] = [],
  ) {
    super(node, `${reason}; fix the problem and run the same command again`);
  }
}

/** An open connection to a node, shared by all operations on the node. */
export interface Session {
  /** `controller`, `zone1`, … */
  readonly node: string;

  /**
   * Runs a POSIX shell script as root and returns its standard output.
   *
   * @param input standard input of the script.
   * @throws ScriptFailed if the exit code is not 0; NodeError if the connection is lost.
   */
  run(script: string, input?: Buffer | string): Promise<string>;

  /**
   * Sends a request to the node's agent and returns the result. agent.py describes the requests.
   *
   * @throws AgentRefused if the agent cannot carry out the request; NodeError if the connection is lost or the answer
   * is invalid.
   */
  ask(request: object): Promise<unknown>;

  /** Opens a TCP connection from the node (RFC 4254, section 7.2). @throws NodeError */
  connect(address: string, port: number): Promise<Duplex>;
}

/**
 * Sends a request to the node's agent and validates the result.
 *
 * @throws AgentRefused if the agent cannot carry out the request; NodeError if the connection is lost or the result
 * does not match `schema`.
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
