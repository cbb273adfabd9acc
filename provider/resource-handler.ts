import type { NodeError } from "../core/errors";
import type { Logger } from "../core/logger";

/** Difference between the current and the new inputs of a resource. */
export interface ResourceChange {
  /** `replace`: the resource is deleted, and then created again. */
  readonly kind: "none" | "update" | "replace";
  /** Names of the properties that cause the change. */
  readonly changedProperties: readonly string[];
  /** Effects on callers, one line each. */
  readonly impact: readonly string[];
}

/**
 * Handles one type of resource. All values are plain, without Pulumi's markers for secrets and outputs. The outputs of
 * a resource are its inputs, and the values that `create` adds to them.
 *
 * `check` and `diff` access neither nodes nor the cloud. If the process is killed while another method runs, the next
 * run of Pulumi may call that method again.
 */
export interface ResourceHandler<Inputs> {
  /** Names of inputs that are secret or contain a secret. */
  readonly secrets: readonly string[];
  readonly required: readonly string[];
  /** Names of outputs that `create` adds to the inputs. */
  readonly given?: readonly string[];
  /**
   * Validates inputs, whose values may still be unknown.
   *
   * @returns an error message; undefined if the inputs are valid.
   */
  check?(news: Inputs): string | undefined;
  diff(olds: Inputs, news: Inputs): ResourceChange;
  create(inputs: Inputs, log: Logger): Promise<{ readonly id: string; readonly outs?: object }>;
  update(olds: Inputs, news: Inputs, log: Logger, id: string): Promise<void>;
  /** Returns the actual state of the resource, as far as it can be read; null if the resource is gone. */
  read(state: Inputs, log: Logger, id: string): Promise<Inputs | null>;
  delete(state: Inputs, log: Logger, id: string): Promise<void>;
}

/** Error of an update that failed, and the state that Pulumi records for the resource. */
export class PartialUpdate extends Error {
  override readonly name = "PartialUpdate";

  constructor(
    fault: NodeError,
    /** Inputs that are in effect, and properties from which the next update sees its remaining work. */
    readonly state: object,
  ) {
    super(fault.message);
    // Pulumi prints the stack. Operators need only the message.
    this.stack = fault.message;
  }
}
