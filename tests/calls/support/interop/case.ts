import type { SipDriver } from "../../../../core/telephony";
import {
  type Dialog,
  OFFER,
  type RawPhone,
  type Sending,
  type Sent,
} from "../../../support/raw-phone";
import type { SipMessage } from "../../../support/raw-sip";
import type { Bench } from "./bench";

/** Action of a phone and reaction of the exchange: one row of a table in docs/interop.md. */
export interface InteropCase {
  /** Action of the phone: the rest of a sentence that starts with "the phone". Unique. */
  readonly phone: string;
  /** Reaction of the exchange with each driver; one text if the reaction is the same with both drivers. */
  readonly exchange: string | Readonly<Record<SipDriver, string>>;
  /** Acts as the phone. Returns the reaction of the exchange, worded as in `exchange`. */
  readonly run: (bench: Bench) => Promise<string>;
}

/** Table in docs/interop.md. */
export interface InteropArea {
  readonly title: string;
  readonly cases: readonly InteropCase[];
}

type Run = InteropCase["run"];

/** Extensions of two phones in a call, of a third phone and of a user without a phone; and a number without a user. */
export const CALLER = "1001";
export const CALLEE = "1002";
export const THIRD = "1003";
export const ABSENT = "1005";
export const UNKNOWN_EXTENSION = "1999";

/** Milliseconds to wait for an answer that may not come. */
export const SILENCE = 700;

export const NO_ANSWER = "no answer";

export const code = ({ status }: SipMessage): string => String(status);

export const differs = (pjsip: string, chanSip: string): Readonly<Record<SipDriver, string>> => ({
  pjsip,
  chan_sip: chanSip,
});

export const expected = ({ exchange }: InteropCase, driver: SipDriver): string =>
  typeof exchange === "string" ? exchange : exchange[driver];

/** Returns the status of the final answer, or {@link NO_ANSWER}. */
export const finalOrNone = (phone: RawPhone, sent: Sent): Promise<string> =>
  phone.final(sent, SILENCE).then(code, () => NO_ANSWER);

/** Sends a request inside a call, and returns the status or {@link NO_ANSWER}. */
export const inside = (
  phone: RawPhone,
  dialog: Dialog,
  method: string,
  sending: Sending = {},
): Promise<string> => finalOrNone(phone, phone.inside(dialog, method, sending));

/** Returns the `run` of a case that starts with one registered phone, 1001. */
export const alone =
  (act: (phone: RawPhone, bench: Bench) => Promise<string>): Run =>
  async (bench) =>
    act(await bench.phone(CALLER), bench);

/** Returns the `run` of a case in which 1001 sends a request inside its call with 1002. */
export const inCall =
  (method: string, sending: Sending = {}): Run =>
  async (bench) => {
    const { alice, ofAlice } = await bench.pair();
    return inside(alice, ofAlice, method, sending);
  };

/** Returns the `run` of a case in which 1001 sends a request to 1002, outside of a call. */
export const outside = (method: string, sending: Sending = {}): Run =>
  alone(async (phone) => code(await phone.ask(method, { to: CALLEE, ...sending })));

/** Options of an INVITE. The callee is 1002 unless `to` or `uri` is set. */
export interface Inviting extends Sending {
  readonly to?: string;
  readonly uri?: string;
}

/** Call that rings and is not answered yet. */
export interface Ringing {
  readonly alice: RawPhone;
  readonly bob: RawPhone;
  /** INVITE of 1001. */
  readonly sent: Sent;
  /** INVITE that 1002 gets. */
  readonly invite: SipMessage;
}

/** Makes 1001 call 1002, and waits until 1002 rings. */
export async function ring(bench: Bench, inviting: Inviting = {}): Promise<Ringing> {
  const [alice, bob] = [await bench.phone(CALLER), await bench.phone(CALLEE)];
  const sent = await alice.begin("INVITE", { to: CALLEE, body: OFFER, ...inviting });
  return { alice, bob, sent, invite: await bob.ring() };
}

/**
 * Returns the `run` of a case in which 1001 sends an INVITE. The outcome is "rings" or the status of the refusal,
 * followed by the text of `tell`.
 */
export const invites =
  (
    inviting: Inviting | ((bench: Bench) => Inviting),
    tell: (outcome: { invite?: SipMessage; refusal?: SipMessage }) => string = () => "",
  ): Run =>
  async (bench) => {
    const [alice, bob] = [await bench.phone(CALLER), await bench.phone(CALLEE)];
    const own = typeof inviting === "function" ? inviting(bench) : inviting;
    const sent = await alice.begin("INVITE", { to: CALLEE, body: OFFER, ...own });
    return Promise.race([
      bob.ring().then((invite) => `rings${tell({ invite })}`),
      alice.final(sent).then((refusal) => `${code(refusal)}${tell({ refusal })}`),
    ]);
  };

/** Sends INFO inside a call. Returns "the call stays" if the exchange answers with 200, otherwise "the call ends". */
export const stays = async (phone: RawPhone, dialog: Dialog): Promise<string> =>
  (await inside(phone, dialog, "INFO", digit("1"))) === "200" ? "the call stays" : "the call ends";

/** Returns the body and the media type of an INFO request for a digit. */
export const digit = (signal: string): Sending => ({
  type: "application/dtmf-relay",
  body: `Signal=${signal}\r\nDuration=160\r\n`,
});

/** Returns the first media direction in the body (RFC 4566, 6); `sendrecv` by default. */
export const direction = ({ body }: SipMessage): string =>
  /a=(sendrecv|sendonly|recvonly|inactive)/.exec(body)?.[1] ?? "sendrecv";

/** Returns for each media line of an answer whether the media is accepted or refused (RFC 3264, 6). */
export const media = (body: string): string =>
  Array.from(
    body.matchAll(/^m=(\w+) (\d+)/gm),
    ([, kind = "", port]) => `${kind} ${port === "0" ? "refused" : "accepted"}`,
  ).join(", ");

/** Returns the caller's display name in the INVITE that the callee gets; "no name" if there is none. */
export const shown = (invite?: SipMessage): string =>
  /^"([^"]*)"/.exec(invite?.header("From") ?? "")?.[1] ?? "no name";
