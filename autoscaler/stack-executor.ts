import type { EngineEvent, Stack } from "@pulumi/pulumi/automation";
import type { Headroom } from "../clouds/cloud-api";
import { WANTED_ZONES } from "../config/wanted-zones";
import { OperatorError } from "../core/errors";
import { updateOutcome, type UpdateOutcome } from "../stack/outcome";
import { hasPendingOperations, repair, type RepairOptions } from "../stack/repair";
import type { Executor, ExchangeObservation } from "./executor";

export interface StackExecutorOptions extends RepairOptions {
  readonly observe: () => Promise<ExchangeObservation>;
  readonly inService: () => Promise<number>;
  /**
   * Returns the guard's reasons to refuse an update of the stack, one line each.
   *
   * @throws OperatorError if the preview of the update fails.
   */
  readonly refusals: (stack: Stack, signal: AbortSignal) => Promise<readonly string[]>;
  readonly onEvent: (event: EngineEvent) => void;
  /** Called after each attempt to update the stack, because cached data about the stack may be out of date. */
  readonly onChanged: () => void;
}

/** Changes the exchange with updates of its stack, as an operator's `pulumi up` does. */
export class StackExecutor implements Executor {
  readonly observe: () => Promise<ExchangeObservation>;
  readonly inService: () => Promise<number>;

  constructor(private readonly options: StackExecutorOptions) {
    this.observe = options.observe;
    this.inService = options.inService;
  }

  async headroom(): Promise<Headroom | null> {
    try {
      return await this.options.cloud().headroom();
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      // The scale-out is tried without the quota, because an update that the cloud refuses is rolled back.
      this.options.say(`quotas are unknown: ${error.message}`);
      return null;
    }
  }

  async change(zones: number, signal: AbortSignal): Promise<UpdateOutcome> {
    const { stack, refusals, onEvent } = this.options;
    if (signal.aborted) return { kind: "interrupted" };
    const { envVars } = stack.workspace;
    envVars[WANTED_ZONES] = String(zones);
    try {
      const losses: string[] = [];
      const judge = async (): Promise<void> => {
        losses.push(...(await refusals(stack, signal)));
      };
      const judged = await updateOutcome(this.options, judge, signal);
      if (judged.kind !== "done") return judged;
      if (losses.length > 0) return { kind: "refused", why: losses.join("; ") };
      return await updateOutcome(
        this.options,
        (listen) =>
          stack.up({
            signal,
            color: "never",
            onEvent: (event) => {
              listen(event);
              onEvent(event);
            },
          }),
        signal,
      );
    } finally {
      // The requested number of zones applies only to this update.
      envVars[WANTED_ZONES] = "";
      this.options.onChanged();
    }
  }

  async hasPendingOperations(): Promise<boolean> {
    return hasPendingOperations(await this.options.exported(this.options.stack));
  }

  repair(signal: AbortSignal): Promise<UpdateOutcome> {
    return repair({ ...this.options, signal });
  }
}
