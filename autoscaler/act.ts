import {
  ConcurrentUpdateError,
  type EngineEvent,
  type Stack,
  type UpResult,
} from "@pulumi/pulumi/automation";
import { Fault } from "../cli/command";
import { WANTED_ZONES } from "../config/wanted-zones";
import type { Cloud } from "./cloud";
import { isHalfWritten } from "./half-written";
import type { Hands, Headroom, Look, Outcome } from "./hands";

export interface StackHandsOptions {
  readonly stack: Stack;
  /** Asked for at its first use: a tick that changes nothing needs no cloud. */
  readonly cloud: () => Cloud;
  readonly look: () => Promise<Look>;
  readonly inService: () => Promise<number>;
  /** The stack's state. @throws Fault */
  readonly exported: (stack: Stack) => Promise<Exported>;
  /** Takes the lock of an update that was killed away. */
  readonly releaseDeadLock: (stack: Stack) => Promise<void>;
  readonly onEvent: (event: EngineEvent) => void;
  /** What was known of the stack is out of date. */
  readonly onChanged: () => void;
  readonly say: (line: string) => void;
}

/** A stack as `pulumi stack export` has it. */
interface Exported {
  readonly resources?: readonly { readonly type: string; readonly id?: string }[];
  readonly pending_operations?: readonly unknown[];
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
      return await this.update(
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
    return ((await this.exported()).pending_operations ?? []).length > 0;
  }

  /**
   * A process that was killed may have made what it had no time to tell of. All that carries the
   * exchange's mark and is in no state belongs to nobody, and is deleted.
   *
   * What is there is listed before the state is refreshed, and judged after it. The refresh fails
   * where another update is under way; what one makes later is not on the list: nothing that is
   * being made just now can be taken for forsaken.
   */
  async mend(): Promise<Outcome> {
    const { stack, say } = this.options;
    try {
      const found = await this.options.cloud().marked();
      const outcome = await this.update((onEvent) =>
        stack.refresh({ clearPendingCreates: true, color: "never", onEvent }),
      );
      if (outcome.kind !== "done") return outcome;
      const { resources = [] } = await this.exported();
      const key = ({ type, id }: { type: string; id?: string }): string => `${type} ${String(id)}`;
      const known = new Set(resources.map(key));
      for (const thing of found.filter((marked) => !known.has(key(marked)))) {
        say(`deleting ${thing.kind} ${thing.id} of ${thing.node}, which a killed update has left`);
        await thing.remove();
      }
      return outcome;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { kind: "failed", why: error.message };
    }
  }

  private async update(
    run: (onEvent: (event: EngineEvent) => void) => Promise<Pick<UpResult, "summary">>,
    signal?: AbortSignal,
  ): Promise<Outcome> {
    const errors: string[] = [];
    try {
      await this.options.releaseDeadLock(this.options.stack);
      await run((event) => {
        errors.push(...errorsOf(event));
      });
      return { kind: "done" };
    } catch (error) {
      // The state is read before the lock is asked for: somebody else is writing it just now.
      const isWriting = errors.length === 0 && isHalfWritten(error);
      if (isWriting || error instanceof ConcurrentUpdateError) return { kind: "locked" };
      if (signal?.aborted === true) return { kind: "interrupted" };
      return { kind: "failed", why: errors[0] ?? lastWords(error) };
    }
  }

  private exported(): Promise<Exported> {
    return this.options.exported(this.options.stack);
  }
}

/** What an event has against the update, a line each. */
function errorsOf({ diagnosticEvent }: EngineEvent): string[] {
  if (diagnosticEvent?.severity !== "error") return [];
  const text = diagnosticEvent.message.replace(/<\{%.*?%\}>/g, "");
  return text
    .split("\n")
    .map((line) => line.trim().replace(/^\* /, ""))
    .filter(
      (line) => line !== "" && line !== "update failed" && !/^\d+ errors? occurred:$/.test(line),
    );
}

const lastWords = (error: unknown): string =>
  (/error: (.*)/.exec((error as Error).message)?.[1] ?? (error as Error).message).trim();
