import { printable } from "./text";

/**
 * A fault that an operator can fix. Its message says what failed and what to do, so it is printed without a
 * stack trace.
 */
export class OperatorError extends Error {
  override readonly name: string = "OperatorError";
}

/** A fault on a node. Its message starts with the name of the node. */
export class NodeError extends OperatorError {
  override readonly name = "NodeError";

  /** The message without the name of the node. */
  readonly fault: string;

  /** @param fault may quote output of the node: control characters are made visible. */
  constructor(
    readonly node: string,
    fault: string,
  ) {
    const words = printable(fault);
    super(`${node}: ${words}`);
    this.fault = words;
  }
}
