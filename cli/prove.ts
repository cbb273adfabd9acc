import { OperatorError } from "../core/errors";
import type { Say } from "../core/logger";
import { retry } from "../core/retry";
import { ensureBaresip } from "../phones/baresip";
import type { Call } from "../phones/call";
import { connect } from "../phones/connect";
import { Phone, type SipAccount } from "../phones/phone";
import { type CallQuality, measure } from "../phones/quality";
import type { ExchangeOutputs } from "../stack/outputs";

/** Quality of the media that one of the two phones received, and the zone of that phone. */
export interface CallSide {
  readonly extension: string;
  readonly zone: string;
  readonly heard: CallQuality;
}

/** Result of {@link proveCall}: a measured call. */
export interface CallProof {
  readonly seconds: number;
  /** Milliseconds from dialling to the answer, at the caller. */
  readonly setupMs: number;
  readonly sides: readonly [CallSide, CallSide];
}

/** Maximum packet loss and jitter of a good call. */
export const MAX_LOSS_PERCENT = 1;
export const MAX_JITTER_MS = 100;

/** Seconds for which a call is measured. */
const CALL_SECONDS = 12;
/** Maximum number of measured calls. A poor call is repeated, because booting servers may be too busy for media. */
const CALLS = 4;
/** Timeout for the first registration, in milliseconds. The servers may still be booting. */
const BOOT_DEADLINE = 5 * 60_000;
/** Timeout for the establishment of a call, in milliseconds. The zone of the called phone may still be booting. */
const ZONE_DEADLINE = 3 * 60_000;
/** Milliseconds between two attempts. */
const RETRY = 1000;

/** Returns why the quality of a call was poor; undefined if it was good. A value that is NaN counts as poor. */
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

/** Repeats `attempt` until it succeeds. @throws OperatorError if `attempt` still fails after `timeout` milliseconds */
async function retrying<T>(timeout: number, what: string, attempt: () => Promise<T>): Promise<T> {
  try {
    return await retry(attempt, { timeout, pause: RETRY });
  } catch (error) {
    throw new OperatorError(
      `${what} within ${String(timeout / 1000)} s; the last error was: ${messageOf(error)}`,
    );
  }
}

/** Installs the software phone that {@link proveCall} uses. @throws OperatorError if the installation fails */
export async function ensurePhones(): Promise<void> {
  await ensureBaresip().catch((error: unknown) => {
    throw new OperatorError(messageOf(error));
  });
}

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
 * Places a call through the exchange and measures it. If the exchange has several zones, the call connects two zones,
 * unless `oneZoneIsEnough`. If both phones are in the same zone, a new phone replaces the called phone. A poor call is
 * repeated until {@link CALLS} calls were measured, so the result may be a poor call.
 *
 * @throws OperatorError if there are fewer than two users, the caller's phone cannot register, or no such call can be
 * established.
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
    throw new OperatorError("a call needs two users; add a user to pbx:users");
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
  const disconnect = async (phone: Phone): Promise<void> => {
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
        await disconnect(callee);
        throw error;
      }
    };

    for (let calls = 1; ; calls++) {
      const [outgoing, incoming, [callerZone = "", calleeZone = ""]] = await retrying(
        ZONE_DEADLINE,
        `no call ${wanted === 1 ? "in the zone" : `between ${String(wanted)} zones`}`,
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
      say(`${fault}; calling again, because the servers may still be booting`);
      await Promise.all([...phones].filter((phone) => phone !== caller).map(disconnect));
    }
  } finally {
    await Promise.all([...phones].map((phone) => phone.close()));
  }
}
