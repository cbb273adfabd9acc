import type { Duplex } from "node:stream";
import type { z } from "zod";
import { NodeError } from "../core/errors";

/** A script ended with another exit code than 0. Its message has what it said last. */
export class ScriptFailed extends NodeError {
  constructor(
    node: string,
    readonly exitCode: number,
    readonly stdout: string,
    readonly stderr: string,
  ) {
    const lastWords = (stderr.trim() || stdout.trim()).split("\n").slice(-5).join("\n");
    super(node, lastWords === "" ? `a command failed (exit code ${String(exitCode)})` : lastWords);
  }
}

/** It could not be done, and the node is as it was. */
export class NodeUnchanged extends NodeError {}

/** The node's agent could not do what it was asked. */
export class AgentRefused extends NodeError {
  constructor(
    node: string,
    /** The agent's words, without the remedy. */
    readonly reason: string,
    /** Paths of files that are new all the same, and could not be taken back. */
    readonly renewed: readonly string[] = [],
  ) {
    super(node, `${reason}; mend that and run the same command again`);
  }
}

/** One open connection to a node, shared by everything that is done there. */
export interface Session {
  /** `controller`, `zone1`, … */
  readonly node: string;

  /**
   * Runs a POSIX shell script as root and returns its standard output.
   *
   * @param input for its standard input.
   * @throws ScriptFailed when it does not end with 0; NodeError when the connection is lost.
   */
  run(script: string, input?: Buffer | string): Promise<string>;

  /**
   * Has the node's agent do what `agent.py` describes, and returns its result.
   *
   * @throws NodeError saying what could not be done.
   */
  ask(request: object): Promise<unknown>;

  /** A TCP connection that the node makes (RFC 4254, section 7.2). @throws NodeError */
  connect(address: string, port: number): Promise<Duplex>;
}

/**
 * Has the node's agent do what `agent.py` describes.
 *
 * @throws NodeError saying what could not be done, or that the result is not as `schema` has it.
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
    "its agent answers something else than it was asked; run the same command again",
  );
}
