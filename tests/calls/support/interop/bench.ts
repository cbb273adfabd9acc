import type { Duplex } from "node:stream";
import type { SipDriver } from "../../../../core/telephony";
import { type Dialog, type Outside, RawPhone, type Sending } from "../../../support/raw-phone";
import { SipConnection } from "../../../support/raw-sip";

/** Functions of an exchange that a case needs. */
export interface BenchExchange {
  readonly driver: SipDriver;
  /** Address of the controller. */
  readonly server: string;
  /** Opens a connection that HAProxy forwards to `zone`. */
  dial(zone: string): Promise<Duplex>;
  secretOf(extension: string): string;
  /** Waits until both legs of every call are bridged. A call that is not bridged cannot be transferred. */
  joined(): Promise<void>;
  hangUpAll(): Promise<void>;
}

/** Two phones in a call, and the dialog of each phone with the exchange. Alice has called Bob. */
export interface Pair {
  readonly alice: RawPhone;
  readonly bob: RawPhone;
  readonly ofAlice: Dialog;
  readonly ofBob: Dialog;
}

export interface PhonePlace {
  /** Zone to connect to: `zone1` by default. */
  readonly zone?: string;
  /** Whether to register the phone: true by default. */
  readonly register?: boolean;
}

/** Test bench for phones. It creates phones and calls for a case. After each case, {@link clear} must remove them. */
export class Bench {
  private readonly phones: RawPhone[] = [];

  constructor(private readonly exchange: BenchExchange) {}

  get driver(): SipDriver {
    return this.exchange.driver;
  }

  get server(): string {
    return this.exchange.server;
  }

  async phone(
    extension: string,
    { zone = "zone1", register = true }: PhonePlace = {},
  ): Promise<RawPhone> {
    const connection = new SipConnection(await this.exchange.dial(zone));
    const account = { extension, secret: this.exchange.secretOf(extension) };
    const phone = new RawPhone(connection, this.server, account);
    this.phones.push(phone);
    if (register) await this.registered(phone);
    return phone;
  }

  /** Registers a phone, and waits until calls to its number reach the phone. */
  async registered(phone: RawPhone, sending: Outside = {}): Promise<void> {
    const answer = await phone.register(sending);
    if (answer.status !== 200) throw new Error(`REGISTER: ${answer.startLine}`);
    // chan_sip calls a phone only after the phone has answered chan_sip's first OPTIONS.
    if (this.driver === "chan_sip") await phone.heard("OPTIONS");
  }

  /** Sets up a call from 1001 to 1002. `calls` changes the INVITE of 1001, and `picksUp` changes the answer of 1002. */
  async pair(
    calls: Sending = {},
    picksUp: Sending = {},
    places: readonly [PhonePlace, PhonePlace] = [{}, {}],
  ): Promise<Pair> {
    const alice = await this.phone("1001", places[0]);
    const bob = await this.phone("1002", places[1]);
    return { alice, bob, ...(await this.connect(alice, bob, calls, picksUp)) };
  }

  async connect(
    alice: RawPhone,
    bob: RawPhone,
    calls: Sending = {},
    picksUp: Sending = {},
  ): Promise<{ ofAlice: Dialog; ofBob: Dialog }> {
    const calling = alice.call(bob.account.extension, calls);
    calling.catch(() => undefined); // If the call is refused, `bob.ring` throws.
    const ofBob = await bob.pickUp(await bob.ring(), picksUp);
    const ofAlice = await calling;
    await this.exchange.joined();
    return { ofAlice, ofBob };
  }

  /** All messages of the phones of the current case. */
  get transcript(): string {
    return this.phones
      .map(({ account, connection }) => `--- ${account.extension}\n${connection.transcript}`)
      .join("\n");
  }

  /** Ends all calls, and unregisters and disconnects all phones. */
  async clear(): Promise<void> {
    if (this.phones.some(({ hasCalls }) => hasCalls)) await this.exchange.hangUpAll();
    await Promise.all(
      this.phones.splice(0).map(async (phone) => {
        const gone = { headers: { Expires: "0" } };
        if (!phone.connection.isClosed) await phone.register(gone).catch(() => undefined);
        phone.close();
      }),
    );
  }
}
