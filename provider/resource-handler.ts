import type { NodeError } from "../core/errors";
import type { Logger } from "../core/logger";

/** The result of comparing the inputs of a resource with the new ones. */
export interface ResourceChange {
  /** `replace`: the resource is deleted, and then created again. */
  readonly kind: "none" | "update" | "replace";
  /** Names of the inputs that cause it. */
  readonly because: readonly string[];
  /** What callers will notice, a sentence each. */
  readonly impact: readonly string[];
}

/**
 * Handles one type of resource. All values are plain: no secrets or outputs of Pulumi. The outputs of a resource
 * are the inputs of its last update, and what `create` adds to them.
 *
 * All methods but `diff` act on running nodes or on the cloud. Each may be killed at any moment, and is then
 * called again.
 */
export interface ResourceHandler<Inputs> {
  /** Names of inputs that are secret or contain a secret. */
  readonly secrets: readonly string[];
  /** Names of inputs that must be set. */
  readonly required: readonly string[];
  /** Names of outputs that `create` adds to the inputs. */
  readonly given?: readonly string[];
  /**
   * Validates inputs, whose values may still be unknown.
   *
   * @returns what is wrong with them, if anything is.
   */
  check?(news: Inputs): string | undefined;
  diff(olds: Inputs, news: Inputs): ResourceChange;
  create(inputs: Inputs, log: Logger): Promise<{ readonly id: string; readonly outs?: object }>;
  update(olds: Inputs, news: Inputs, log: Logger, id: string): Promise<void>;
  /** Reads the actual state; null if the resource is gone. */
  read(state: Inputs, log: Logger, id: string): Promise<Inputs | null>;
  delete(state: Inputs, log: Logger, id: string): Promise<void>;
}

/** An update that failed after some changes were applied. Pulumi records the applied changes in the state. */
export class PartialUpdate extends Error {
  override readonly name = "PartialUpdate";

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
