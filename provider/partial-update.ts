import type { NodeError } from "../core/errors";

/** An update that failed after some changes were applied. Pulumi records the applied changes in the state. */
export class PartialUpdate extends Error {
  override readonly name = "PartlyDone";

  constructor(
    fault: NodeError,
    /** Inputs that are in effect, with notes for the next update. */
    readonly state: object,
  ) {
    super(fault.message);
    // Operators see only the message, without a stack trace.
    this.stack = fault.message;
  }
}
