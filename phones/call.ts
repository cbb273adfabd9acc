import { EventEmitter } from "node:events";
import type { BaresipEvent, Control } from "./control";
import { Deferred } from "./deferred";

/** The call did not come about. The message is the answer of SIP: `404 Not Found`. */
export class CallRefused extends Error {}

/** What a phone has counted since the call was established. */
export interface Counters {
  readonly sent: number;
  readonly received: number;
}

/** What RTCP told last: each receiver's gaps in the sequence numbers, and our side's jitter. */
export interface RtcpReport {
  readonly lostHere: number;
  readonly lostThere: number;
  readonly jitterMs: number;
}

/** A call, from the point of view of one phone. Emits `report` with an {@link RtcpReport}. */
export class Call extends EventEmitter {
  report: RtcpReport | null = null;
  /** As baresip names the call; unknown until its first event. */
  id: string | undefined;

  private readonly answered = new Deferred<number>();
  private readonly ended = new Deferred<string>();
  private readonly started = performance.now();

  constructor(
    private readonly control: Pick<Control, "command">,
    /** The other side's SIP address. */
    readonly peer: string,
    /** The name that the other side is shown with; null without one. */
    readonly peerName: string | null = null,
  ) {
    super();
  }

  /** Resolves to the milliseconds from INVITE to answer, rejects with {@link CallRefused}. */
  get established(): Promise<number> {
    return this.answered.promise;
  }

  /** Resolves to the reason. */
  get closed(): Promise<string> {
    return this.ended.promise;
  }

  async answer(): Promise<void> {
    await this.control.command("accept");
  }

  /** Ends the call, or turns it away when it was not answered yet. */
  async hangUp(): Promise<void> {
    await this.control.command("hangup");
    await this.closed;
  }

  async counters(): Promise<Counters> {
    const text = await this.control.command("audio_debug");
    const sent = /TX: packets=(\d+)/.exec(text)?.[1];
    // baresip prints a line for each SSRC, in any order, and none before the first packet. Asterisk changes the SSRC when
    // it joins two legs, and when a call is transferred.
    const received = Array.from(text.matchAll(/rcvd=(\d+)/g), ([, count]) => Number(count));
    return { sent: Number(sent ?? 0), received: received.reduce((sum, count) => sum + count, 0) };
  }

  /** Address that this phone's media goes to: that of the zone it is registered in. */
  async mediaPeer(): Promise<string> {
    const text = await this.control.command("audio_debug");
    const address = /remote: ([0-9.]+):/.exec(text)?.[1];
    if (address === undefined) throw new Error("baresip does not say where a call's media goes");
    return address;
  }

  /** The call is over, or never came about. */
  close(reason: string): void {
    this.answered.reject(new CallRefused(reason));
    this.ended.resolve(reason);
  }

  /** What baresip says about this call, or late about the one before it. */
  handle(event: BaresipEvent): void {
    this.id ??= event.id;
    if (event.id !== this.id) return;
    switch (event.type) {
      case "CALL_ESTABLISHED":
        this.answered.resolve(Math.round(performance.now() - this.started));
        break;
      case "CALL_CLOSED":
        this.close(event.param ?? "no reason given");
        break;
      case "CALL_RTCP":
        if (event.rtcp_stats) {
          const { rx, tx } = event.rtcp_stats;
          this.report = { lostHere: rx.lost, lostThere: tx.lost, jitterMs: rx.jit / 1000 };
          this.emit("report", this.report);
        }
        break;
    }
  }
}
