import type { EngineEvent } from "@pulumi/pulumi/automation";
import { Fault } from "../cli/command";
import { WANTED_ZONES } from "../config/wanted-zones";
import type { Hands, Headroom, Look, Outcome } from "./hands";
import { isBroken, mend, type MendOptions } from "./mend";
import { outcomeOf } from "./update";

export interface StackHandsOptions extends MendOptions {
  readonly look: () => Promise<Look>;
  readonly inService: () => Promise<number>;
  readonly onEvent: (event: EngineEvent) => void;
  /** What was known of the stack is out of date. */
  readonly onChanged: () => void;
}

/** Changes the exchange by updates of its own stack, as an operator's `pulumi up` would. */
export class StackHands implements Hands {
  readonly look: () => Promise<Look>;
  readonly inService: () => Promise<number>;

  constructor(private readonly options: StackHandsOptions) {
    this.look = options.look;
    this.inService = options.inService;
  }

  async headroom(): Promise<Headroom | null> {
    try {
      return await this.options.cloud().headroom();
    } catch (error) {
      // Whoever cannot ask may try all the same: an update that is refused is rolled back.
      if (!(error instanceof Fault)) throw error;
      this.options.say(`quotas are unknown: ${error.message}`);
      return null;
    }
  }

  async change(zones: number, signal: AbortSignal): Promise<Outcome> {
    const { stack, onEvent } = this.options;
    if (signal.aborted) return { kind: "interrupted" };
    const { envVars } = stack.workspace;
    envVars[WANTED_ZONES] = String(zones);
    try {
      return await outcomeOf(
        this.options,
        (listen) =>
          stack.up({
            ...{ signal, color: "never" },
            onEvent: (event) => {
              listen(event);
              onEvent(event);
            },
          }),
        signal,
      );
    } finally {
      // No other update is to be asked for it.
      envVars[WANTED_ZONES] = "";
      this.options.onChanged();
    }
  }

  async isBroken(): Promise<boolean> {
    return isBroken(await this.options.exported(this.options.stack));
  }

  mend(): Promise<Outcome> {
    return mend(this.options);
  }
}
