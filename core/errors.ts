import { printable } from "./text";

/**
 * Error that an operator can fix. The message says what failed and what to do, so the message is printed without
 * a stack trace.
 */
export class OperatorError extends Error {
  override readonly name: string = "OperatorError";
}

/** Error on a node. The message starts with the name of the node. */
export class NodeError extends OperatorError {
  override readonly name = "NodeError";

  /** The message without the name of the node. */
  readonly fault: string;

  /** @param fault what failed on the node; may quote output of the node. Control characters are replaced. */
  constructor(
    readonly node: string,
    fault: string,
  ) {
    const text = printable(fault);
    super(`${node}: ${text}`);
    this.fault = text;
  }
}
