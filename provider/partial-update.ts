import type { NodeError } from "../core/errors";

/** An update that failed when some of it was in force already: Pulumi keeps what there is of it. */
export class PartialUpdate extends Error {
  override readonly name = "PartlyDone";

  constructor(
    fault: NodeError,
    /** The resource's inputs as they are brought about, or what the next update has to know of them. */
    readonly state: object,
  ) {
    super(fault.message);
    // An operator's error is its message alone.
    this.stack = fault.message;
  }
}
