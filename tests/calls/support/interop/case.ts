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

/** What a phone may do, and what the exchange does then: one row of the table in docs/interop.md. */
export interface InteropCase {
  /** What the phone does. Unique. */
  readonly phone: string;
  /** What the exchange does, with each driver; one text if both do the same. */
  readonly exchange: string | Readonly<Record<SipDriver, string>>;
  /** Plays the phone, and returns what the exchange did in the words of `exchange`. */
  readonly run: (bench: Bench) => Promise<string>;
}

/** A section of the table. */
export interface InteropArea {
  readonly title: string;
  readonly cases: readonly InteropCase[];
}

type Run = InteropCase["run"];

/** Extensions: two phones in a call and a third, one without a phone, and one without a user. */
export const CALLER = "1001";
export const CALLEE = "1002";
export const THIRD = "1003";
export const ABSENT = "1005";
export const UNKNOWN = "1999";

/** How long to wait for an answer that does not come, in milliseconds. */
export const SILENCE = 700;

export const NO_ANSWER = "no answer";

export const code = ({ status }: SipMessage): string => String(status);

/** What both drivers do, if they differ. */
export const differs = (pjsip: string, chanSip: string): Readonly<Record<SipDriver, string>> => ({
  pjsip,
  chan_sip: chanSip,
});

/** The text of a case for one driver. */
export const expected = ({ exchange }: InteropCase, driver: SipDriver): string =>
  typeof exchange === "string" ? exchange : exchange[driver];

/** Status of the final answer, or {@link NO_ANSWER}. */
export const finalOrNone = (phone: RawPhone, sent: Sent): Promise<string> =>
  phone.final(sent, SILENCE).then(code, () => NO_ANSWER);

/** Sends a request inside a call. */
export const inside = (
  phone: RawPhone,
  dialog: Dialog,
  method: string,
  sending: Sending = {},
): Promise<string> => finalOrNone(phone, phone.inside(dialog, method, sending));

/** A case of one registered phone. */
export const alone =
  (act: (phone: RawPhone, bench: Bench) => Promise<string>): Run =>
  async (bench) =>
    act(await bench.phone(CALLER), bench);

/** A case of a request inside a call. */
export const inCall =
  (method: string, sending: Sending = {}): Run =>
  async (bench) => {
    const { alice, ofAlice } = await bench.pair();
    return inside(alice, ofAlice, method, sending);
  };

/** A case of a request outside of a call, for another phone. */
export const outside = (method: string, sending: Sending = {}): Run =>
  alone(async (phone) => code(await phone.ask(method, { to: CALLEE, ...sending })));

/** An INVITE, for 1002 if it says no other URI. */
export interface Inviting extends Sending {
  readonly to?: string;
  readonly uri?: string;
}

/** A call that rings and is not answered yet. */
export interface Ringing {
  readonly alice: RawPhone;
  readonly bob: RawPhone;
  /** INVITE of 1001. */
  readonly sent: Sent;
  /** INVITE that 1002 gets. */
  readonly invite: SipMessage;
}

/** Lets 1001 call 1002. */
export async function ring(bench: Bench, inviting: Inviting = {}): Promise<Ringing> {
  const [alice, bob] = [await bench.phone(CALLER), await bench.phone(CALLEE)];
  const sent = await alice.begin("INVITE", { to: CALLEE, body: OFFER, ...inviting });
  return { alice, bob, sent, invite: await bob.ring() };
}

/** A case of an INVITE: the status that refuses it, or "rings" and what `tell` says of it. */
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

/** Whether a call still is one, for both the exchange and the phone. */
export const stays = async (phone: RawPhone, dialog: Dialog): Promise<string> =>
  (await inside(phone, dialog, "INFO", digit("1"))) === "200" ? "the call stays" : "the call ends";

/** A digit as INFO carries it. */
export const digit = (signal: string): Sending => ({
  type: "application/dtmf-relay",
  body: `Signal=${signal}\r\nDuration=160\r\n`,
});

/** Direction of the first media line that says one (RFC 4566, 6). */
export const direction = ({ body }: SipMessage): string =>
  /a=(sendrecv|sendonly|recvonly|inactive)/.exec(body)?.[1] ?? "sendrecv";

/** What an answer says to each media line of an offer (RFC 3264, 6). */
export const media = (body: string): string =>
  Array.from(
    body.matchAll(/^m=(\w+) (\d+)/gm),
    ([, kind = "", port]) => `${kind} ${port === "0" ? "refused" : "accepted"}`,
  ).join(", ");

/** Display name of a caller as the callee is shown it. */
export const shown = (invite?: SipMessage): string =>
  /^"([^"]*)"/.exec(invite?.header("From") ?? "")?.[1] ?? "no name";
