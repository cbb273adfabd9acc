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
  /** Of the zone. */
  readonly name: string;
  readonly policy: DrainPolicy;
  readonly last: LastZone;
  /** Progress. */
  readonly say: Say;
  readonly warn: Say;
  /** Ends the drain, and puts the zone back into service. */
  readonly signal?: AbortSignal;
}

export interface Drained {
  /** 0 unless it was forced; null where the zone did not even answer. */
  readonly callsCut: number | null;
}

/** A look, and the connection that it was taken by. */
interface Sight extends DrainLook {
  readonly zone: Session;
}

/** Time between two looks, in milliseconds. */
const INTERVAL = 1000;
/** How often calls that are left are spoken of when their number stays the same. */
const REMINDER = 10_000;
const ATTEMPTS = 3;

const RECORD_DRAIN = readFileSync(join(__dirname, "record-drain.sh"), "utf8");

const counted = (count: number, what: string): string =>
  `${String(count)} ${what}${count === 1 ? "" : "s"}`;

/**
 * Takes a zone out of the rotation, moves its phones to the other zones, and waits until its last
 * call has ended: then nobody is connected with it any more. May be asked again at any time, also
 * after it was killed.
 *
 * @throws NodeError when it cannot be done; the zone is back in service then.
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
  /** What HAProxy had of the zone; null where there is nothing to be put back. */
  private found: HaproxyServer | null = null;

  constructor(private readonly options: DrainOptions) {
    this.decision = new DrainDecision(options.policy, options.last);
  }

  async run(): Promise<Drained> {
    const { name, policy, last, warn, signal } = this.options;
    try {
      return await this.leave();
    } catch (error) {
      if (!(error instanceof NodeError) || error.node !== CONTROLLER) throw error;
      // The controller of an exchange that goes may be what is broken about it.
      if (last !== "wait" || !policy.force || signal?.aborted === true) throw error;
      warn(`${error.message}; ${name} goes without a look at its calls (pbx:drainForce)`);
      return { callsCut: null };
    }
  }

  /** Puts a zone back that was drained, and is to stay after all. */
  undo(): Promise<void> {
    return this.found === null ? Promise.resolve() : this.putBack(this.found);
  }

  private async leave(): Promise<Drained> {
    const { name } = this.options;
    const servers = await this.haproxy((haproxy) => haproxy.servers());
    const found = servers.find((server) => server.name === name) ?? null;
    if (found?.state !== "ready" && (await this.haproxy((haproxy) => haproxy.isUnused(name)))) {
      return { callsCut: this.goUnused() };
    }
    this.found = found;
    try {
      if (this.options.last === "refuse" && !this.refuge(servers)) throw this.alone();
      if (found === null) return { callsCut: await this.untilEmpty() };
      await this.haproxy((haproxy) => haproxy.setState(name, "drain"));
      const callsCut = await this.untilEmpty();
      // Its server may be gone by the time it is to go again.
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
      // Nobody waits for a node any more then: what was not seen may well be there.
      if (signal?.aborted === true) {
        throw new NodeError(name, `the drain was interrupted; ${this.stays}`);
      }
      if (look instanceof NodeError) return this.goUnseen(look);
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
          throw step.because === "alone" ? this.alone() : this.late(look.calls);
        case "done":
          return this.callsCut;
        case "wait":
      }
      await this.pause();
    }
  }

  /** What there is to see, or why the zone cannot be looked at. */
  private async look(): Promise<Sight | NodeError> {
    const { name, zone } = this.options;
    try {
      const [servers, activity] = await Promise.all([
        this.haproxy((haproxy) => haproxy.servers()),
        retried(async () => {
          const session = await zone();
          return { ...(await activityOf(session)), zone: session };
        }),
      ]);
      return { ...activity, refuge: this.refuge(servers), at: performance.now() - this.begin };
    } catch (error) {
      if (!(error instanceof NodeError) || error.node !== name) throw error;
      return error;
    }
  }

  /**
   * By the connection of the look alone: when another one is made, a phone that had nothing to do may
   * have a call.
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
    // No call is cut of which there is no record.
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

  /** Lets a zone go whose Asterisk does not end a call. */
  private async release(): Promise<number> {
    const { name, warn } = this.options;
    warn(`${name} goes with a call that its Asterisk does not end (pbx:drainForce)`);
    await this.haproxy((haproxy) => haproxy.close(name));
    return this.callsCut;
  }

  /** Lets a zone go that nobody can be connected with. */
  private goUnused(): number {
    const { name, say } = this.options;
    say(`${name}: nobody is connected with it, so nobody has to be waited for`);
    return 0;
  }

  /** Lets a zone go that cannot be looked at, where it may. */
  private async goUnseen(fault: NodeError): Promise<number | null> {
    const { name, policy, warn } = this.options;
    // Its server may never have been built. HAProxy has it from its first haproxy.cfg all the same.
    const isDown = this.found?.healthy === false;
    if (isDown && (await this.haproxy((haproxy) => haproxy.connectionsEver(name))) === 0) {
      return this.goUnused();
    }
    if (!policy.force) {
      throw new NodeError(
        name,
        `its calls cannot be seen (${fault.message}); ${this.stays}. ` +
          "Mend that, or set pbx:drainForce to true to let it go without a look",
      );
    }
    await this.record(null);
    warn(`${name} does not answer, and goes without a look at its calls (pbx:drainForce)`);
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
          "'pulumi up --refresh' brings it back, or goes on draining it",
      );
    }
  }

  /** What becomes of a zone that cannot go, in words. */
  private get stays(): string {
    return this.found === null || stateAfter(this.found) === "ready"
      ? "the zone stays in service"
      : "the zone stays out of the rotation";
  }

  private report(look: DrainLook): void {
    const { name, say } = this.options;
    const { calls, refuge, at } = look;
    if (calls === this.reported.calls && at < this.reported.at + REMINDER) return;
    this.reported = { calls, at };
    const phones = this.decision.phonesLeft(look);
    const about =
      refuge && phones === 0 ? ", drained of phones" : `, ${counted(phones, "phone")} registered`;
    say(`${name}: ${calls === 0 ? "no calls" : counted(calls, "call")} left${about}`);
  }

  private alone(): NodeError {
    return new NodeError(
      this.options.name,
      "no other zone is in the rotation, so it cannot go; add another one first (pbx:zones)",
    );
  }

  private late(calls: number): NodeError {
    const { name, policy } = this.options;
    return new NodeError(
      name,
      `${counted(calls, "call")} still going after ${String(policy.timeout)} s; ${this.stays}. ` +
        "Wait for them, raise pbx:drainTimeout, or set pbx:drainForce to true to cut them",
    );
  }

  /** Whether there is another zone for this one's phones. */
  private refuge(servers: readonly HaproxyServer[]): boolean {
    return servers.some(
      ({ name, state, healthy }) => name !== this.options.name && state === "ready" && healthy,
    );
  }

  private haproxy<T>(work: (haproxy: Haproxy) => Promise<T>): Promise<T> {
    return retried(async () => work(new Haproxy(await this.options.controller())));
  }

  private async pause(): Promise<void> {
    // An interruption is found at the next look.
    await pauseFor(INTERVAL, this.options.signal);
  }
}

/**
 * How a zone that cannot go is left. One that was draining and serves was in the rotation before a run
 * that was killed; one that does not serve has to wait until it does, as it was found.
 */
const stateAfter = ({ state, healthy }: HaproxyServer): AdminState => (healthy ? "ready" : state);

/** A lost connection is opened again, and a service that is down may be starting. */
const retried = <T>(work: () => Promise<T>): Promise<T> =>
  retry(work, {
    ...{ attempts: ATTEMPTS, pause: INTERVAL },
    isTransient: (error) => error instanceof NodeError,
  });
