import { OperatorError } from "../core/errors";
import type { Call } from "../phones/call";
import { connect } from "../phones/connect";
import { Phone } from "../phones/phone";
import { measure } from "../phones/quality";
import { sleep } from "../phones/within";
import type { ExchangeOutputs } from "../stack/outputs";

/** Maximum number of attempts to get the two phones into different zones. */
const ATTEMPTS = 10;
/** Milliseconds between two attempts. The connections of the closed phones end with a delay. */
const PAUSE = 1_000;

/** A call between two zones during a change to the exchange. */
export class Witness {
  /** Whether the call has ended for any reason. The phones do not hang up before `close`. */
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

  /**
   * Starts a call between two zones.
   *
   * @param zones names of zones that no change removes. The phones must be in two of these zones.
   * @throws Error if every attempt to get a call between two of these zones fails.
   */
  static async start(
    { sipAccounts, zones: deployed }: ExchangeOutputs,
    zones: readonly string[],
  ): Promise<Witness> {
    const [callerAccount, calleeAccount] = sipAccounts;
    if (callerAccount === undefined || calleeAccount === undefined) {
      throw new OperatorError("a call needs two users");
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
    throw new OperatorError(
      `could not register two phones in two different zones of ${zones.join(", ")}; see npm run pbx -- status`,
    );
  }

  /** Runs `change`. Returns the packet loss of the worse direction in percent; 100 if the call was dropped. */
  async lossDuring(change: () => Promise<unknown>): Promise<number> {
    const { callerToCallee, calleeToCaller } = await measure(...this.sides, change);
    return this.isDropped ? 100 : Math.max(callerToCallee.lossPercent, calleeToCaller.lossPercent);
  }

  async close(): Promise<void> {
    await Promise.all(this.phones.map((phone) => phone.close()));
  }
}
