import { ensureBaresip } from "../phones/baresip";
import type { Call } from "../phones/call";
import { connect } from "../phones/connect";
import { Phone, type SipAccount } from "../phones/phone";
import { type CallQuality, measure } from "../phones/quality";
import { retry } from "../core/retry";
import { OperatorError } from "../core/errors";
import type { ExchangeOutputs } from "../stack/stack";

/** What one of the two phones heard, and the zone that it was registered in. */
export interface CallSide {
  readonly extension: string;
  readonly zone: string;
  readonly heard: CallQuality;
}

/** A measured call. */
export interface CallProof {
  readonly seconds: number;
  /** From INVITE to answer. */
  readonly setupMs: number;
  readonly sides: readonly [CallSide, CallSide];
}

/** Bounds of what people hear as a good call. */
export const MAX_LOSS_PERCENT = 1;
export const MAX_JITTER_MS = 100;

/** Length of the call, in seconds. */
const CALL_SECONDS = 12;
/** Servers that are still booting have no time for media: the call is placed again. */
const CALLS = 4;
/** How long servers may take to boot, in milliseconds. */
const BOOT_DEADLINE = 5 * 60_000;
/** How long the last zone and its trunk may take after the first phone is registered. */
const ZONE_DEADLINE = 3 * 60_000;
const RETRY = 1000;

type Say = (line: string) => void;

/** What was wrong with the call, or undefined. A figure that is not a number is wrong. */
export function qualityFault({ sides }: CallProof): string | undefined {
  const bad = sides.find(
    ({ heard }) => !(heard.lossPercent <= MAX_LOSS_PERCENT && heard.jitterMs <= MAX_JITTER_MS),
  );
  return bad === undefined
    ? undefined
    : `the call was poor at ${bad.extension}: ${bad.heard.lossPercent.toFixed(2)} % lost, ` +
        `${bad.heard.jitterMs.toFixed(1)} ms jitter`;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** Tries again and again until `attempt` succeeds. @throws OperatorError after `patience` milliseconds. */
async function retrying<T>(patience: number, what: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await retry(attempt, { timeout: patience, pause: RETRY });
  } catch (error) {
    throw new OperatorError(
      `${what}: not within ${String(patience / 1000)} s; the last answer was: ${messageOf(error)}`,
    );
  }
}

/** Installs the phones that {@link proveCall} calls with. @throws OperatorError */
export async function ensurePhones(): Promise<void> {
  await ensureBaresip().catch((error: unknown) => {
    throw new OperatorError(messageOf(error));
  });
}

/** A phone that is registered. */
async function registeredPhone(account: SipAccount): Promise<Phone> {
  const phone = await Phone.start({ account });
  try {
    return await phone.registered();
  } catch (error) {
    await phone.close();
    throw error;
  }
}

/**
 * Places a call through the exchange and measures it: between users of different zones where the
 * exchange has several, unless `oneZoneIsEnough`.
 *
 * The phones come back until their media goes to different zones: a zone that was slower to boot
 * takes its first phone only then, and a phone that registers anew is what HAProxy gives it.
 *
 * @throws OperatorError naming what did not come about.
 */
export async function proveCall(
  { controllerAddress, zones, sipAccounts }: ExchangeOutputs,
  say: Say,
  { oneZoneIsEnough = false } = {},
): Promise<CallProof> {
  const accounts = sipAccounts.slice(0, 2).map(({ extension, secret, server }): SipAccount => ({
    extension,
    secret,
    server,
    transport: "tcp",
  }));
  const [callerAccount, calleeAccount] = accounts;
  if (callerAccount === undefined || calleeAccount === undefined) {
    throw new OperatorError("a call takes two users; add one to pbx:users");
  }
  const zoneAt = (address: string): string =>
    zones.find((zone) => zone.address === address)?.name ?? address;
  const wanted = oneZoneIsEnough ? 1 : Math.min(2, zones.length);

  const phones = new Set<Phone>();
  const register = async (account: SipAccount): Promise<Phone> => {
    const phone = await registeredPhone(account);
    phones.add(phone);
    return phone;
  };
  const unplug = async (phone: Phone): Promise<void> => {
    phones.delete(phone);
    await phone.close();
  };

  try {
    say(
      `waiting for the servers to boot: registering ${callerAccount.extension} at ${controllerAddress}`,
    );
    const caller = await retrying(BOOT_DEADLINE, "no phone can register", () =>
      register(callerAccount),
    );
    say(`${callerAccount.extension} is registered`);

    const between = async (): Promise<readonly [Call, Call, readonly string[]]> => {
      const callee = await register(calleeAccount);
      try {
        const [outgoing, incoming] = await connect(caller, callee);
        const sides = await Promise.all(
          [outgoing, incoming].map(async (call) => zoneAt(await call.mediaPeer())),
        );
        if (new Set(sides).size < wanted) {
          await outgoing.hangUp();
          throw new Error(`both phones were in ${String(sides[0])}`);
        }
        return [outgoing, incoming, sides];
      } catch (error) {
        await unplug(callee);
        throw error;
      }
    };

    for (let calls = 1; ; calls++) {
      const [outgoing, incoming, [callerZone = "", calleeZone = ""]] = await retrying(
        ZONE_DEADLINE,
        `no call between ${String(wanted)} zones`,
        between,
      );
      say(
        `${callerAccount.extension} in ${callerZone} talks to ${calleeAccount.extension} in ${calleeZone} for ${String(CALL_SECONDS)} s`,
      );
      const quality = await measure(outgoing, incoming, CALL_SECONDS);
      await outgoing.hangUp();
      const proof: CallProof = {
        seconds: CALL_SECONDS,
        setupMs: quality.callerToCallee.setupMs,
        sides: [
          { extension: callerAccount.extension, zone: callerZone, heard: quality.calleeToCaller },
          { extension: calleeAccount.extension, zone: calleeZone, heard: quality.callerToCallee },
        ],
      };
      const fault = qualityFault(proof);
      if (fault === undefined || calls === CALLS) {
        return proof;
      }
      say(`${fault}; once more, the servers may still be booting`);
      await Promise.all([...phones].filter((phone) => phone !== caller).map(unplug));
    }
  } finally {
    await Promise.all([...phones].map((phone) => phone.close()));
  }
}
