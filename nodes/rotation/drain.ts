import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NodeError } from "../../core/errors";
import { count } from "../../core/format";
import { type Say } from "../../core/logger";
import { pauseFor, retry } from "../../core/retry";
import { CONTROLLER } from "../../ssh/access";
import { runProgram } from "../../ssh/program";
import { ScriptFailed, type Session } from "../../ssh/session";
import { activityOf, disconnect, hangUpAll } from "../asterisk/activity";
import { type AdminState, Haproxy, type HaproxyServer } from "../haproxy/runtime";
import {
  DrainDecision,
  type DrainObservation,
  type DrainPolicy,
  type LastZone,
  type Step,
} from "./drain-decision";

export interface DrainOptions {
  readonly controller: () => Promise<Session>;
  readonly zone: () => Promise<Session>;
  /** Name of the zone. */
  readonly name: string;
  readonly policy: DrainPolicy;
  readonly last: LastZone;
  readonly say: Say;
  readonly warn: Say;
  /** An abort interrupts the drain. */
  readonly signal?: AbortSignal;
}

export interface Drained {
  /**
   * Number of calls that were cut: 0 if the policy has no `force`; null if the number is unknown, because the zone or
   * the controller did not answer.
   */
  readonly callsCut: number | null;
}

/** Observation of a zone, and the SSH session through which it was made. */
interface Observation extends DrainObservation {
  readonly zone: Session;
}

/** Milliseconds between two observations, and between two attempts of an operation. */
const INTERVAL = 1000;
/** Milliseconds after which the number of calls is reported again, even if it has not changed. */
const REMINDER = 10_000;
const ATTEMPTS = 3;

const RECORD_DRAIN = readFileSync(join(__dirname, "record-drain.sh"), "utf8");
/** Log of the controller about cut calls. In a line about a zone that does not answer, `callsCut` is null. */
const DRAIN_LOG = "/var/log/trunkline/drain.log";

/**
 * Takes a zone out of the rotation, moves its phones to the other zones, and waits for the end of its calls. After the
 * timeout of the policy, the drain fails or cuts the calls. A drain can be repeated at any time, even after it was
 * killed.
 *
 * @throws NodeError if the drain fails. If HAProxy answers, a healthy zone is then in the rotation.
 */
export function drainZone(options: DrainOptions): Promise<Drained> {
  return new Drain(options).run();
}

/** Drain of one zone. `run` may be called only once. */
export class Drain {
  private readonly decision: DrainDecision;
  private readonly begin = performance.now();
  private callsCut = 0;
  /** Number of calls that the last cut did not end. */
  private stuck = 0;
  private reported = { calls: -1, at: 0 };
  /** The zone's server in HAProxy before the drain; null if its state does not need to be restored. */
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
      // If the policy has `force`, a broken controller must not prevent the destruction of the exchange.
      if (last !== "wait" || !policy.force || signal?.aborted === true) throw error;
      warn(`${error.message}; ${name} is removed without a check of its calls (pbx:drainForce)`);
      return { callsCut: null };
    }
  }

  /**
   * Undoes the drain. A zone that was healthy when the drain began gets into the rotation. Any other zone returns to
   * its state before the drain. Does nothing if the zone was unused, or if HAProxy did not have the zone.
   */
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
      if (this.options.last === "refuse" && !this.hasOther(servers)) throw this.lastZoneError();
      if (found === null) return { callsCut: await this.untilEmpty() };
      await this.haproxy((haproxy) => haproxy.setState(name, "drain"));
      const callsCut = await this.untilEmpty();
      // If the drain is repeated, the zone may not answer, because its server may be deleted. The record then shows
      // that the zone is unused.
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
      const observation = await this.observe();
      // Check the signal before the result: after an abort, log-ins are not retried, so a failed observation does not
      // mean that the zone does not answer.
      if (signal?.aborted === true) {
        throw new NodeError(name, `the drain was interrupted; ${this.stays}`);
      }
      if (observation instanceof NodeError) return this.releaseUnseen(observation);
      const step = this.decision.next(observation);
      this.report(observation);
      switch (step.kind) {
        case "move":
          await this.disconnect(observation.zone, step, step.ports);
          break;
        case "close":
          await this.disconnect(observation.zone, step, "all");
          break;
        case "cut":
          await this.cut(observation.calls);
          break;
        case "release":
          return this.release();
        case "abandon":
          throw step.reason === "alone"
            ? this.lastZoneError()
            : this.timeoutError(observation.calls);
        case "done":
          return this.callsCut;
        case "wait":
      }
      await this.pause();
    }
  }

  /** Observes the zone. Returns the error if the zone does not answer. */
  private async observe(): Promise<Observation | NodeError> {
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
        hasOtherZone: this.hasOther(servers),
        at: performance.now() - this.begin,
      };
    } catch (error) {
      if (!(error instanceof NodeError) || error.node !== name) throw error;
      return error;
    }
  }

  /**
   * Closes connections of phones. Uses the session of the observation and opens no new one: by the time a new session
   * is open, a phone that was idle may have a call.
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
    // Record the calls before they are cut, so that no cut call is missing from the record.
    if (fresh > 0) await this.record(fresh);
    this.stuck = await retried(async () => hangUpAll(await zone()));
    if (fresh <= 0) return;
    const why =
      this.callsCut === 0
        ? `still going after ${String(policy.timeout)} s`
        : "begun after the first cut";
    this.callsCut += fresh;
    warn(
      `${name}: ${count(fresh, "call")} cut, ${why} ` +
        `(pbx:drainForce); recorded in ${DRAIN_LOG} on the controller`,
    );
  }

  /** Finishes the drain of a zone whose Asterisk does not end all calls. */
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

  /**
   * Finishes the drain of a zone that does not answer.
   *
   * @throws NodeError if the zone may have calls, and the policy has no `force`.
   */
  private async releaseUnseen(fault: NodeError): Promise<number | null> {
    const { name, policy, warn } = this.options;
    // The zone's server may never have been created. HAProxy has the zone anyway, because haproxy.cfg lists all zones.
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
    await runProgram(await controller(), RECORD_DRAIN, [DRAIN_LOG], `${line}\n`);
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

  /** State of the zone after the drain has failed, for a message. */
  private get stays(): string {
    return this.found === null || stateAfter(this.found) === "ready"
      ? "the zone stays in service"
      : "the zone stays out of the rotation";
  }

  private report(observation: DrainObservation): void {
    const { name, say } = this.options;
    const { calls, hasOtherZone, at } = observation;
    if (calls === this.reported.calls && at < this.reported.at + REMINDER) return;
    this.reported = { calls, at };
    const phones = this.decision.phonesLeft(observation);
    const about =
      hasOtherZone && phones === 0 ? ", no phones left" : `, ${count(phones, "phone")} registered`;
    say(`${name}: ${calls === 0 ? "no calls" : count(calls, "call")} left${about}`);
  }

  private lastZoneError(): NodeError {
    return new NodeError(
      this.options.name,
      "no other healthy zone is in the rotation; add a zone (pbx:zones) before you drain this one",
    );
  }

  private timeoutError(calls: number): NodeError {
    const { name, policy } = this.options;
    return new NodeError(
      name,
      `${count(calls, "call")} still going after ${String(policy.timeout)} s; ${this.stays}. ` +
        "Wait until they end, raise pbx:drainTimeout, or set pbx:drainForce to true to cut them",
    );
  }

  /** Returns whether another zone is healthy and in the rotation, and so accepts this zone's phones. */
  private hasOther(servers: readonly HaproxyServer[]): boolean {
    return servers.some(
      ({ name, state, healthy }) => name !== this.options.name && state === "ready" && healthy,
    );
  }

  private haproxy<T>(work: (haproxy: Haproxy) => Promise<T>): Promise<T> {
    return retried(async () => work(new Haproxy(await this.options.controller())));
  }

  private async pause(): Promise<void> {
    // An interruption ends the pause. `untilEmpty` handles the interruption after the next observation.
    await pauseFor(INTERVAL, this.options.signal);
  }
}

/**
 * Returns the state that a zone gets after a failed drain, from its state before the drain. A healthy zone gets
 * `ready`, even if its state was `drain`, because that state may remain from an earlier drain that was killed. An
 * unhealthy zone gets the state from before the drain.
 */
const stateAfter = ({ state, healthy }: HaproxyServer): AdminState => (healthy ? "ready" : state);

/**
 * Retries `work` after a NodeError. The retry opens a new SSH connection if the connection was lost, and gives a
 * service that is starting more time.
 */
const retried = <T>(work: () => Promise<T>): Promise<T> =>
  retry(work, {
    attempts: ATTEMPTS,
    pause: INTERVAL,
    isTransient: (error) => error instanceof NodeError,
  });
