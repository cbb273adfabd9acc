import { EventEmitter } from "node:events";
import type { BaresipEvent, Control } from "./control";
import { Deferred } from "./deferred";

/** Error: a call ended before the answer. The message is the reason, such as the SIP response `404 Not Found`. */
export class CallRefused extends Error {}

/** Numbers of RTP packets that a phone has sent and received in a call. */
export interface PacketCounters {
  readonly sent: number;
  readonly received: number;
}

/** Loss in both directions between a phone and its zone, and jitter of the received packets, from an RTCP report. */
export interface RtcpReport {
  /** Number of packets that did not arrive at this phone: the gaps in the sequence numbers since the call began. */
  readonly lostHere: number;
  /** Number of packets of this phone that did not arrive at its zone, as the zone reports. */
  readonly lostThere: number;
  readonly jitterMs: number;
}

/** A call, from the point of view of one phone. Emits `report` with an {@link RtcpReport}. */
export class Call extends EventEmitter {
  /** The last report; null before the first one. */
  report: RtcpReport | null = null;
  /** baresip's ID of the call; undefined until the first event of the call. */
  id: string | undefined;

  private readonly answered = new Deferred<number>();
  private readonly ended = new Deferred<string>();
  private readonly started = performance.now();

  constructor(
    private readonly control: Pick<Control, "command">,
    /** The other side: the SIP URI of the caller or, if this phone placed the call, the dialled extension. */
    readonly peer: string,
    /** The display name of the other side; null if there is none. */
    readonly peerName: string | null = null,
  ) {
    super();
  }

  /** Resolves to the milliseconds from the start of the call to the answer; rejects with {@link CallRefused}. */
  get established(): Promise<number> {
    return this.answered.promise;
  }

  /** Resolves to the reason when the call has ended. */
  get closed(): Promise<string> {
    return this.ended.promise;
  }

  async answer(): Promise<void> {
    await this.control.command("accept");
  }

  /** Ends, cancels or rejects the call, and waits for its end. */
  async hangUp(): Promise<void> {
    await this.control.command("hangup");
    await this.closed;
  }

  async counters(): Promise<PacketCounters> {
    const text = await this.control.command("audio_debug");
    const sent = /TX: packets=(\d+)/.exec(text)?.[1];
    // The text has one `rcvd` for each SSRC, in any order, and none before the first packet. Asterisk changes the SSRC
    // when it bridges two legs and when a call is transferred.
    const received = Array.from(text.matchAll(/rcvd=(\d+)/g), ([, count]) => Number(count));
    return { sent: Number(sent ?? 0), received: received.reduce((sum, count) => sum + count, 0) };
  }

  /** Returns the address to which this phone sends media: the address of the phone's zone. */
  async mediaPeer(): Promise<string> {
    const text = await this.control.command("audio_debug");
    const address = /remote: ([0-9.]+):/.exec(text)?.[1];
    if (address === undefined)
      throw new Error("the output of baresip's audio_debug has no remote address");
    return address;
  }

  /** Resolves {@link closed} to `reason`. Rejects {@link established} if the call was not answered. */
  close(reason: string): void {
    this.answered.reject(new CallRefused(reason));
    this.ended.resolve(reason);
  }

  /** Handles an event. The first event sets {@link id}; later events of other calls are ignored. */
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
