import { OperatorError } from "../core/errors";
import type { ExchangeOutputs } from "../stack/stack";
import type { Call } from "../phones/call";
import { connect } from "../phones/connect";
import { sleep } from "../phones/deadline";
import { Phone } from "../phones/phone";
import { measure } from "../phones/quality";

/** Any phone may land in the other one's zone: it registers anew until it does not. */
const ATTEMPTS = 10;
/** A registration that is given up frees its connection a moment later. */
const PAUSE = 1_000;

/** A call between two zones that is up while the exchange is changed. */
export class Witness {
  /** Whether the call has ended, by a change or by anything else: nobody hangs up. */
  isDropped = false;

  private constructor(
    private readonly phones: readonly Phone[],
    private readonly sides: readonly [Call, Call],
  ) {
    for (const side of sides) {
      void side.closed.then(() => {
        this.isDropped = true;
      });
    }
  }

  /** @param zones of which its phones have to be in two; others may go. */
  static async start(
    { sipAccounts, zones: deployed }: ExchangeOutputs,
    zones: readonly string[],
  ): Promise<Witness> {
    const [callerAccount, calleeAccount] = sipAccounts;
    if (callerAccount === undefined || calleeAccount === undefined) {
      throw new OperatorError("a call takes two users");
    }
    const zoneOf = async (call: Call): Promise<string> => {
      const address = await call.mediaPeer();
      return deployed.find((zone) => zone.address === address)?.name ?? address;
    };
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const phones: Phone[] = [];
      try {
        for (const account of [callerAccount, calleeAccount]) {
          const phone = await Phone.start({ account: { ...account, transport: "tcp" } });
          phones.push(phone);
          await phone.registered();
        }
        const [caller, callee] = phones as [Phone, Phone];
        const [outgoing, incoming] = await connect(caller, callee);
        const used = [await zoneOf(outgoing), await zoneOf(incoming)];
        if (used[0] !== used[1] && used.every((zone) => zones.includes(zone))) {
          return new Witness(phones, [outgoing, incoming]);
        }
      } catch (error) {
        if (attempt === ATTEMPTS) {
          throw error;
        }
      }
      await Promise.all(phones.map((phone) => phone.close()));
      await sleep(PAUSE);
    }
    throw new OperatorError(`no two phones came to be in two of ${zones.join(", ")}`);
  }

  /** The worse one of both directions' losses while `change` is made, in percent. */
  async lossDuring(change: () => Promise<unknown>): Promise<number> {
    const { callerToCallee, calleeToCaller } = await measure(...this.sides, change);
    return this.isDropped ? 100 : Math.max(callerToCallee.lossPercent, calleeToCaller.lossPercent);
  }

  async close(): Promise<void> {
    await Promise.all(this.phones.map((phone) => phone.close()));
  }
}
