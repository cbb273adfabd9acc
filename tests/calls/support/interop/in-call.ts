import { Dialog, OFFER, type RawPhone, sdp, type Sending } from "../../../support/raw-phone";
import { type SipMessage, unique } from "../../../support/raw-sip";
import type { Pair } from "./bench";
import {
  alone,
  CALLEE,
  code,
  differs,
  digit,
  direction,
  finalOrNone,
  inCall,
  inside,
  type InteropArea,
  type InteropCase,
  invites,
  media,
  ring,
  SILENCE,
  stays,
} from "./case";

/** Returns the `run` of a case in which 1001 and 1002 are in a call. */
const established =
  (act: (pair: Pair) => Promise<string>): InteropCase["run"] =>
  async (bench) =>
    act(await bench.pair());

const AUDIO = "m=audio 40000 RTP/AVP 0";

/** Returns the `run` of a case in which 1001 sends a re-INVITE with `body` as the offer. */
const reInvites = (body: string, tell: (answer: SipMessage) => string): InteropCase["run"] =>
  established(async ({ alice, ofAlice }) =>
    tell(await alice.askInside(ofAlice, "INVITE", { body })),
  );

/** Returns the `run` of a case in which a request is refused. The outcome is the status and the text of `tell`. */
const refused = (
  method: string,
  sending: Sending,
  tell: (answer: SipMessage) => string,
): InteropCase["run"] =>
  established(async ({ alice, ofAlice }) => {
    const answer = await alice.askInside(ofAlice, method, sending);
    return [code(answer), tell(answer)].filter(Boolean).join(", ");
  });

const toldDirection = (answer: SipMessage): string => `${code(answer)}, ${direction(answer)}`;
const toldMedia = (answer: SipMessage): string => `${code(answer)}, ${media(answer.body)}`;

/** Returns the `run` of a case in which 1001 sends a request inside a call that the exchange does not have. */
const inNoCall = (method: string, sending: Sending = {}): InteropCase["run"] =>
  alone((phone: RawPhone) => {
    const remote = `<sip:${CALLEE}@${phone.server}>;tag=gone`;
    const local = `${phone.address};tag=gone`;
    const target = `sip:${CALLEE}@${phone.server}`;
    return inside(phone, new Dialog(unique(), local, remote, target, 1, ""), method, sending);
  });

export const IN_CALL: InteropArea = {
  title: "In a call",
  cases: [
    {
      phone: "holds the call (`sendonly`)",
      exchange: "200, recvonly",
      run: reInvites(sdp([AUDIO, "a=sendonly"], 2), toldDirection),
    },
    {
      phone: "holds the call both ways (`inactive`)",
      exchange: "200, inactive",
      run: reInvites(sdp([AUDIO, "a=inactive"], 2), toldDirection),
    },
    {
      phone: "holds the call in the RFC 2543 way (`c=IN IP4 0.0.0.0`)",
      exchange: differs("200, recvonly", "200, sendrecv"),
      run: reInvites(OFFER.replace("c=IN IP4 192.0.2.1", "c=IN IP4 0.0.0.0"), toldDirection),
    },
    {
      phone: "resumes the call",
      exchange: "200, sendrecv",
      run: established(async ({ alice, ofAlice }) => {
        await alice.askInside(ofAlice, "INVITE", { body: sdp([AUDIO, "a=sendonly"], 2) });
        const body = sdp([AUDIO, "a=sendrecv"], 3);
        return toldDirection(await alice.askInside(ofAlice, "INVITE", { body }));
      }),
    },
    {
      phone: "sends a re-INVITE without an offer",
      exchange: "200 with an offer",
      run: established(async ({ alice, ofAlice }) => {
        const sent = alice.inside(ofAlice, "INVITE");
        const answer = await alice.final(sent);
        alice.acknowledge(sent, answer, { body: OFFER });
        return `${code(answer)} with ${answer.body.includes("m=audio") ? "an" : "no"} offer`;
      }),
    },
    {
      phone: "moves its media to another port",
      exchange: "200, audio accepted",
      run: reInvites(sdp(["m=audio 40010 RTP/AVP 0"], 2), toldMedia),
    },
    {
      phone: "adds video",
      exchange: "200, audio accepted, video refused",
      run: reInvites(
        sdp([AUDIO, "m=video 40002 RTP/AVP 99", "a=rtpmap:99 H264/90000"], 2),
        toldMedia,
      ),
    },
    {
      phone: "changes to a codec that the exchange does not support",
      exchange: "488; the call stays",
      run: established(async ({ alice, ofAlice }) => {
        const body = sdp(["m=audio 40000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2"], 2);
        const answer = await alice.askInside(ofAlice, "INVITE", { body });
        return `${code(answer)}; ${await stays(alice, ofAlice)}`;
      }),
    },
    {
      phone: "sends two re-INVITE requests at once",
      exchange: differs("200, then 500; the call stays", "200, then 200; the call stays"),
      run: established(async ({ alice, ofAlice }) => {
        const sent = [1, 2].map(() => alice.inside(ofAlice, "INVITE", { body: OFFER }));
        const answers: string[] = [];
        for (const one of sent) answers.push(await finalOrNone(alice, one));
        return `${answers.join(", then ")}; ${await stays(alice, ofAlice)}`;
      }),
    },
    {
      phone: "sends UPDATE with an offer",
      exchange: differs("200", "501"),
      run: inCall("UPDATE", { body: sdp([AUDIO], 2) }),
    },
    {
      phone: "sends UPDATE without an offer",
      exchange: differs("200", "501"),
      run: inCall("UPDATE"),
    },
    {
      phone: "requests a session timer of 90 s (RFC 4028)",
      exchange: "200, Session-Expires: 90",
      run: async (bench) => {
        const headers = { Supported: "timer", "Session-Expires": "90" };
        const { alice, bob, sent, invite } = await ring(bench, { headers });
        const pickUp = bob.pickUp(invite);
        const answer = await alice.final(sent);
        alice.acknowledge(sent, answer);
        await pickUp;
        const [seconds = ""] = answer.header("Session-Expires").split(";");
        return `${code(answer)}, Session-Expires: ${seconds}`;
      },
    },
    {
      phone: "requests a session timer of 30 s",
      exchange: "422, Min-SE: 90",
      run: invites(
        { headers: { Supported: "timer", "Session-Expires": "30" } },
        ({ refusal }) => `, Min-SE: ${refusal?.header("Min-SE") ?? ""}`,
      ),
    },
    { phone: "sends OPTIONS", exchange: "200", run: inCall("OPTIONS") },
    { phone: "sends INFO without a body", exchange: "200", run: inCall("INFO") },
    {
      phone: "sends a digit as INFO (`application/dtmf-relay`)",
      exchange: "200",
      run: inCall("INFO", digit("5")),
    },
    {
      phone: "sends a digit as INFO (`application/dtmf`)",
      exchange: "200",
      run: inCall("INFO", { type: "application/dtmf", body: "5" }),
    },
    {
      phone: "sends an invalid digit as INFO",
      exchange: differs("500", "200"),
      run: inCall("INFO", digit("QQ")),
    },
    {
      phone: "does not support RFC 4733 and receives a digit",
      exchange: differs("INFO with Signal=5", "a tone"),
      run: async (bench) => {
        const { alice, bob, ofAlice } = await bench.pair({}, { body: sdp([AUDIO]) });
        await inside(alice, ofAlice, "INFO", digit("5"));
        const info = await bob.take("INFO", SILENCE).catch(() => null);
        if (info === null) return "a tone";
        bob.reply(info, 200);
        return `INFO with ${/Signal=\S*/.exec(info.body)?.[0] ?? "nothing"}`;
      },
    },
    {
      phone: "requests a full video picture (INFO `application/media_control+xml`)",
      exchange: "200",
      run: inCall("INFO", { type: "application/media_control+xml", body: "<media_control/>" }),
    },
    {
      phone: "sends INFO with an unknown content type",
      exchange: differs("415, Accept: application/dtmf-relay, application/dtmf", "415"),
      run: refused("INFO", { type: "application/x-unknown", body: "x" }, (answer) => {
        const accepted = answer.header("Accept");
        return accepted && `Accept: ${accepted}`;
      }),
    },
    {
      phone: "sends INFO of an Info Package (RFC 6086)",
      exchange: differs("469", "415"),
      run: inCall("INFO", {
        type: "application/x-unknown",
        body: "x",
        headers: { "Info-Package": "unknown" },
      }),
    },
    {
      phone: "sends a text MESSAGE",
      exchange: differs(
        "405; the other phone gets nothing",
        "202; the other phone gets it from 1001 with the user's name",
      ),
      run: established(async ({ alice, bob, ofAlice }) => {
        const From = ofAlice.local.replace("<", '"Mallory" <');
        const sending = { type: "text/plain", body: "hello", headers: { From } };
        const answer = await inside(alice, ofAlice, "MESSAGE", sending);
        const message = await bob.take("MESSAGE", SILENCE).catch(() => null);
        if (message === null) return `${answer}; the other phone gets nothing`;
        bob.reply(message, 200);
        const from = message.header("From");
        const number = /sip:(\w+)@/.exec(from)?.[1] ?? "";
        const name = from.includes("Mallory") ? "the name that the phone gave" : "the user's name";
        return `${answer}; the other phone gets it from ${number} with ${name}`;
      }),
    },
    {
      phone: "sends a MESSAGE with an image",
      exchange: differs("405, Allow has INVITE and no MESSAGE", "415"),
      run: refused("MESSAGE", { type: "image/png", body: "x" }, (answer) => {
        if (answer.status !== 405) return "";
        const allowed = answer.header("Allow").split(", ");
        const has = (method: string): string =>
          allowed.includes(method) ? method : `no ${method}`;
        return `Allow has ${has("INVITE")} and ${has("MESSAGE")}`;
      }),
    },
    {
      phone: "sends NOTIFY",
      exchange: "489",
      run: inCall("NOTIFY", { headers: { Event: "unknown" } }),
    },
    {
      phone: "sends SUBSCRIBE",
      exchange: differs("489", "403"),
      run: inCall("SUBSCRIBE", { headers: { Event: "unknown" } }),
    },
    {
      phone: "sends PUBLISH",
      exchange: "489",
      run: inCall("PUBLISH", { headers: { Event: "unknown" } }),
    },
    {
      phone: "sends PRACK that no response requires",
      exchange: differs("400", "501"),
      run: inCall("PRACK", { headers: { RAck: "1 1 INVITE" } }),
    },
    {
      phone: "sends an unknown method",
      exchange: "501",
      run: inCall("WIBBLE"),
    },
    {
      phone: "reuses a CSeq number",
      exchange: differs("500", "200"),
      run: established(async ({ alice, ofAlice }) => {
        await inside(alice, ofAlice, "INFO", digit("1"));
        ofAlice.sequence--;
        return inside(alice, ofAlice, "INFO", digit("1"));
      }),
    },
    {
      phone: "hangs up",
      exchange: "200; BYE to the other phone",
      run: established(async ({ alice, bob, ofAlice }) => {
        const answer = await alice.askInside(ofAlice, "BYE");
        await bob.heard("BYE");
        return `${code(answer)}; BYE to the other phone`;
      }),
    },
    {
      phone: "sends BYE twice",
      exchange: "200, then 200",
      run: established(async ({ alice, ofAlice }) => {
        const answers = [1, 2].map(() => alice.inside(ofAlice, "BYE"));
        const codes = await Promise.all(answers.map((sent) => finalOrNone(alice, sent)));
        return codes.join(", then ");
      }),
    },
    {
      phone: "sends BYE for a call that does not exist",
      exchange: "481",
      run: inNoCall("BYE"),
    },
    {
      phone: "sends a re-INVITE for a call that does not exist",
      exchange: "481",
      run: inNoCall("INVITE", { body: OFFER }),
    },
  ],
};
