import { printable } from "./text";

/**
 * Error that is not a bug of this program. The message says what failed in words for an operator, so the message is
 * printed without a stack trace.
 */
export class OperatorError extends Error {
  override readonly name: string = "OperatorError";
}

/** Error on a node. The message starts with the name of the node. */
export class NodeError extends OperatorError {
  override readonly name = "NodeError";

  /** The message without the name of the node. */
  readonly fault: string;

  /** @param fault what failed on the node; may quote output of the node, which is made {@link printable}. */
  constructor(
    readonly node: string,
    fault: string,
  ) {
    const text = printable(fault);
    super(`${node}: ${text}`);
    this.fault = text;
  }
}
