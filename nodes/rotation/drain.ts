import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Say } from "../../core/logger";
import { NodeError } from "../../core/errors";
import { pauseFor, retry } from "../../core/retry";
import { activityOf, disconnect, hangUpAll } from "../asterisk/activity";
import {
  DrainDecision,
  type DrainLook,
  type DrainPolicy,
  type LastZone,
  type Step,
} from "./drain-decision";
import { type AdminState, Haproxy, type HaproxyServer } from "../haproxy/runtime";
import { CONTROLLER } from "../../ssh/access";
import { runProgram } from "../../ssh/program";
import { ScriptFailed, type Session } from "../../ssh/session";

export interface DrainOptions {
  readonly controller: () => Promise<Session>;
  readonly zone: () => Promise<Session>;
  /** Name of the zone. */
  readonly name: string;
  readonly policy: DrainPolicy;
  readonly last: LastZone;
  /** Takes progress messages. */
  readonly say: Say;
  readonly warn: Say;
  /** Interrupts the drain and puts the zone back into service. */
  readonly signal?: AbortSignal;
}

export interface Drained {
  /** Number of calls that were cut, 0 unless the drain was forced; null if the zone did not answer. */
  readonly callsCut: number | null;
}

/** An observation, and the session that it was made through. */
interface Observation extends DrainLook {
  readonly zone: Session;
}

/** Milliseconds between two observations. */
const INTERVAL = 1000;
/** Milliseconds after which the number of calls is reported again, even if it has not changed. */
const REMINDER = 10_000;
const ATTEMPTS = 3;

const RECORD_DRAIN = readFileSync(join(__dirname, "record-drain.sh"), "utf8");

const counted = (count: number, what: string): string =>
  `${String(count)} ${what}${count === 1 ? "" : "s"}`;

/**
 * Takes a zone out of the rotation, moves its phones to the other zones, and waits until its last
 * call has ended. After that no phone is connected to the zone. Can be repeated at any time, even
 * after a drain that was killed.
 *
 * @throws NodeError if the drain fails; the zone is then back in service.
 */
export function drainZone(options: DrainOptions): Promise<Drained> {
  return new Drain(options).run();
}

/** The drain of one zone. */
export class Drain {
  private readonly decision: DrainDecision;
  private readonly begin = performance.now();
  private callsCut = 0;
  /** Calls that the last cut did not end. */
  private stuck = 0;
  private reported = { calls: -1, at: 0 };
  /** The zone's server in HAProxy before the drain; null if there is nothing to restore. */
  private found: HaproxyServer | null = null;

  constructor(private readonly options: DrainOptions) {
    this.decision = new DrainDecision(options.policy, options.last);
  }

  async run(): Promise<Drained> {
    const { name, policy, last, warn, signal } = this.options;
    try {
      return await this.drain();
    } catch (error) {
      if (!(error instanceof NodeError) || error.node !== CONTROLLER) throw error;
      // When an exchange is destroyed, its controller may be the part that is broken.
      if (last !== "wait" || !policy.force || signal?.aborted === true) throw error;
      warn(`${error.message}; ${name} is removed without a check of its calls (pbx:drainForce)`);
      return { callsCut: null };
    }
  }

  /** Undoes the drain of a zone that must stay in service. */
  undo(): Promise<void> {
    return this.found === null ? Promise.resolve() : this.putBack(this.found);
  }

  private async drain(): Promise<Drained> {
    const { name } = this.options;
    const servers = await this.haproxy((haproxy) => haproxy.servers());
    const found = servers.find((server) => server.name === name) ?? null;
    if (found?.state !== "ready" && (await this.haproxy((haproxy) => haproxy.isUnused(name)))) {
      return { callsCut: this.releaseUnused() };
    }
    this.found = found;
    try {
      if (this.options.last === "refuse" && !this.refuge(servers)) throw this.lastZoneError();
      if (found === null) return { callsCut: await this.untilEmpty() };
      await this.haproxy((haproxy) => haproxy.setState(name, "drain"));
      const callsCut = await this.untilEmpty();
      // The zone's server may already be deleted when this drain is repeated.
      await this.haproxy((haproxy) => haproxy.markUnused(name));
      return { callsCut };
    } catch (error) {
      await this.undo();
      throw error;
    }
  }

  private async untilEmpty(): Promise<number | null> {
    const { name, signal } = this.options;
    for (;;) {
      const look = await this.look();
      // Checked before the result: after an abort, connections do not wait, so a failed observation means nothing.
      if (signal?.aborted === true) {
        throw new NodeError(name, `the drain was interrupted; ${this.stays}`);
      }
      if (look instanceof NodeError) return this.releaseUnseen(look);
      const step = this.decision.next(look);
      this.report(look);
      switch (step.kind) {
        case "move":
          await this.disconnect(look.zone, step, step.ports);
          break;
        case "close":
          await this.disconnect(look.zone, step, "all");
          break;
        case "cut":
          await this.cut(look.calls);
          break;
        case "release":
          return this.release();
        case "abandon":
          throw step.because === "alone" ? this.lastZoneError() : this.timeoutError(look.calls);
        case "done":
          return this.callsCut;
        case "wait":
      }
      await this.pause();
    }
  }

  /** Observes the zone. Returns the error if the zone cannot be reached. */
  private async look(): Promise<Observation | NodeError> {
    const { name, zone } = this.options;
    try {
      const [servers, activity] = await Promise.all([
        this.haproxy((haproxy) => haproxy.servers()),
        retried(async () => {
          const session = await zone();
          return { ...(await activityOf(session)), zone: session };
        }),
      ]);
      return {
        ...activity,
        hasOtherZone: this.refuge(servers),
        at: performance.now() - this.begin,
      };
    } catch (error) {
      if (!(error instanceof NodeError) || error.node !== name) throw error;
      return error;
    }
  }

  /**
   * Closes connections of phones. Uses only the session of the observation: by the time a new session is
   * open, an idle phone may have a call.
   */
  private async disconnect(
    zone: Session,
    step: Step,
    ports: readonly number[] | "all",
  ): Promise<void> {
    try {
      await disconnect(zone, ports);
    } catch (error) {
      if (!(error instanceof NodeError) || error instanceof ScriptFailed) throw error;
      this.decision.retract(step);
    }
  }

  private async cut(calls: number): Promise<void> {
    const { name, policy, zone, warn } = this.options;
    const fresh = calls - this.stuck;
    // Record the calls before they are cut, so that no cut call is missing in the record.
    if (fresh > 0) await this.record(fresh);
    this.stuck = await retried(async () => hangUpAll(await zone()));
    if (fresh <= 0) return;
    const why =
      this.callsCut === 0 ? `still going after ${String(policy.timeout)} s` : "begun after that";
    this.callsCut += fresh;
    warn(
      `${name}: ${counted(fresh, "call")} cut, ${why} ` +
        `(pbx:drainForce); recorded in /var/log/trunkline/drain.log on the controller`,
    );
  }

  /** Finishes the drain of a zone whose Asterisk does not end a call. */
  private async release(): Promise<number> {
    const { name, warn } = this.options;
    warn(`${name} is removed with a call that its Asterisk does not end (pbx:drainForce)`);
    await this.haproxy((haproxy) => haproxy.close(name));
    return this.callsCut;
  }

  /** Finishes the drain of a zone that cannot have connections. */
  private releaseUnused(): number {
    const { name, say } = this.options;
    say(`${name}: no phone is connected, so there is nothing to wait for`);
    return 0;
  }

  /** Finishes the drain of a zone that cannot be observed, if the policy allows it. */
  private async releaseUnseen(fault: NodeError): Promise<number | null> {
    const { name, policy, warn } = this.options;
    // The zone's server may never have been built: HAProxy knows it from its first haproxy.cfg anyway.
    const isDown = this.found?.healthy === false;
    if (isDown && (await this.haproxy((haproxy) => haproxy.connectionsEver(name))) === 0) {
      return this.releaseUnused();
    }
    if (!policy.force) {
      throw new NodeError(
        name,
        `its calls cannot be checked (${fault.message}); ${this.stays}. ` +
          "Fix the problem, or set pbx:drainForce to true to remove the zone without a check",
      );
    }
    await this.record(null);
    warn(`${name} does not answer and is removed without a check of its calls (pbx:drainForce)`);
    await this.haproxy((haproxy) => haproxy.close(name));
    return null;
  }

  private async record(callsCut: number | null): Promise<void> {
    const { name, controller } = this.options;
    const line = JSON.stringify({ time: new Date().toISOString(), zone: name, callsCut });
    await runProgram(await controller(), RECORD_DRAIN, [], `${line}\n`);
  }

  private async putBack(found: HaproxyServer): Promise<void> {
    const { name, warn } = this.options;
    try {
      await this.haproxy((haproxy) => haproxy.setState(name, stateAfter(found)));
    } catch (error) {
      warn(
        `${name} is still out of the rotation (${(error as Error).message}); ` +
          "'pulumi up --refresh' puts it back, or continues the drain",
      );
    }
  }

  /** State of the zone after a failed drain, for a message. */
  private get stays(): string {
    return this.found === null || stateAfter(this.found) === "ready"
      ? "the zone stays in service"
      : "the zone stays out of the rotation";
  }

  private report(look: DrainLook): void {
    const { name, say } = this.options;
    const { calls, hasOtherZone, at } = look;
    if (calls === this.reported.calls && at < this.reported.at + REMINDER) return;
    this.reported = { calls, at };
    const phones = this.decision.phonesLeft(look);
    const about =
      hasOtherZone && phones === 0
        ? ", drained of phones"
        : `, ${counted(phones, "phone")} registered`;
    say(`${name}: ${calls === 0 ? "no calls" : counted(calls, "call")} left${about}`);
  }

  private lastZoneError(): NodeError {
    return new NodeError(
      this.options.name,
      "no other zone is in the rotation; add a zone (pbx:zones) before you drain this one",
    );
  }

  private timeoutError(calls: number): NodeError {
    const { name, policy } = this.options;
    return new NodeError(
      name,
      `${counted(calls, "call")} still going after ${String(policy.timeout)} s; ${this.stays}. ` +
        "Wait until they end, raise pbx:drainTimeout, or set pbx:drainForce to true to cut them",
    );
  }

  /** Returns whether another zone can take this zone's phones. */
  private refuge(servers: readonly HaproxyServer[]): boolean {
    return servers.some(
      ({ name, state, healthy }) => name !== this.options.name && state === "ready" && healthy,
    );
  }

  private haproxy<T>(work: (haproxy: Haproxy) => Promise<T>): Promise<T> {
    return retried(async () => work(new Haproxy(await this.options.controller())));
  }

  private async pause(): Promise<void> {
    // The next observation handles an interruption.
    await pauseFor(INTERVAL, this.options.signal);
  }
}

/**
 * Returns the state of a zone after a failed drain. A healthy zone returns to the rotation: if it was already
 * draining, an earlier run was killed. An unhealthy zone keeps the state in which it was found.
 */
const stateAfter = ({ state, healthy }: HaproxyServer): AdminState => (healthy ? "ready" : state);

/** Retries `work` after a NodeError: reopens a lost connection, and waits for a service that may be starting. */
const retried = <T>(work: () => Promise<T>): Promise<T> =>
  retry(work, {
    ...{ attempts: ATTEMPTS, pause: INTERVAL },
    isTransient: (error) => error instanceof NodeError,
  });
