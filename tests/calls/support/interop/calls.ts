import { Dialog, OFFER, sdp } from "../../../support/raw-phone";
import { unique } from "../../../support/raw-sip";
import {
  ABSENT,
  CALLER,
  code,
  differs,
  finalOrNone,
  type InteropArea,
  type InteropCase,
  type Inviting,
  invites,
  media,
  outside,
  ring,
  type Ringing,
  SILENCE,
  stays,
  THIRD,
  UNKNOWN_EXTENSION,
} from "./case";

/** Returns the `run` of a case in which 1001 calls 1002. `act` starts when 1002 rings. */
const ringing =
  (act: (call: Ringing) => Promise<string>, inviting: Inviting = {}): InteropCase["run"] =>
  async (bench) =>
    act(await ring(bench, inviting));

/** Returns the `run` of a case in which 1001 offers media `lines`. The outcome tells whether each line is accepted. */
const offers =
  (lines: readonly string[]): InteropCase["run"] =>
  async (bench) => {
    const { ofAlice } = await bench.pair({ body: sdp(lines) });
    return media(ofAlice.remoteSdp);
  };

const UNKNOWN_CODEC = ["m=audio 40000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2"];
const KEY = "PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR";

/** Multipart body (RFC 5621) with an offer and a text. */
const MULTIPART = [
  "--part",
  "Content-Type: application/sdp",
  "",
  OFFER,
  "--part",
  "Content-Type: text/plain",
  "",
  "hello",
  "--part--",
  "",
].join("\r\n");

export const CALLS: InteropArea = {
  title: "Setting up a call",
  cases: [
    { phone: "calls a phone", exchange: "rings", run: invites({}) },
    {
      phone: "calls a number without a user",
      exchange: "404",
      run: invites({ to: UNKNOWN_EXTENSION }),
    },
    {
      phone: "calls a user whose phone is not registered",
      exchange: "480",
      run: invites({ to: ABSENT }),
    },
    {
      phone: "calls a phone that is busy (486)",
      exchange: "486",
      run: ringing(async ({ alice, bob, sent, invite }) => {
        bob.reply(invite, 486);
        return code(await alice.final(sent));
      }),
    },
    {
      phone: "is called and rings (180)",
      exchange: "180 to the caller",
      run: ringing(async ({ alice, bob, sent, invite }) => {
        bob.reply(invite, 180);
        return `${code(await alice.answerWith(sent, 180))} to the caller`;
      }),
    },
    {
      phone: "is called and plays early media (183)",
      exchange: "183 with a session description to the caller",
      run: ringing(async ({ alice, bob, sent, invite }) => {
        bob.reply(invite, 183, { body: OFFER });
        const answer = await alice.answerWith(sent, 183);
        return `${code(answer)} with ${answer.body.includes("m=audio") ? "a" : "no"} session description to the caller`;
      }),
    },
    {
      phone: "calls without an offer (late offer)",
      exchange: "200 with an offer",
      run: ringing(
        async ({ alice, bob, sent, invite }) => {
          const pickUp = bob.pickUp(invite);
          const { remoteSdp } = await alice.established(sent, { body: OFFER });
          await pickUp;
          return `200 with ${remoteSdp.includes("m=audio") ? "an" : "no"} offer`;
        },
        { headers: { "Content-Type": null }, body: "" },
      ),
    },
    {
      phone: "requires reliable provisional answers (100rel)",
      exchange: differs("180 with RSeq; PRACK gets 200", "420"),
      run: async (bench) => {
        const headers = { Require: "100rel", Supported: "100rel" };
        if (bench.driver === "chan_sip") return invites({ headers })(bench);
        const { alice, bob, sent, invite } = await ring(bench, { headers });
        bob.reply(invite, 180);
        const answer = await alice.answerWith(sent, 180);
        const rack = `${answer.header("RSeq")} ${String(sent.sequence)} INVITE`;
        const prack = await alice.askInside(Dialog.of(sent, answer), "PRACK", {
          headers: { RAck: rack },
        });
        return `180 with RSeq; PRACK gets ${code(prack)}`;
      },
    },
    {
      phone: "supports 100rel and does not require it",
      exchange: "180 without RSeq",
      run: ringing(
        async ({ alice, bob, sent, invite }) => {
          bob.reply(invite, 180);
          const answer = await alice.answerWith(sent, 180);
          return `180 ${answer.header("RSeq") === "" ? "without" : "with"} RSeq`;
        },
        { headers: { Supported: "100rel" } },
      ),
    },
    {
      phone: "requires an unknown option (Require: foo)",
      exchange: "420, Unsupported: foo",
      run: invites(
        { headers: { Require: "foo" } },
        ({ refusal }) => `, Unsupported: ${refusal?.header("Unsupported") ?? ""}`,
      ),
    },
    {
      phone: "sends text instead of an offer",
      exchange: differs("415", "rings"),
      run: invites({ body: "hello", type: "text/plain" }),
    },
    {
      phone: "accepts text only (Accept: text/plain)",
      exchange: "rings",
      run: invites({ headers: { Accept: "text/plain" } }),
    },
    {
      phone: "offers no codec that the exchange supports",
      exchange: "488",
      run: invites({ body: sdp(UNKNOWN_CODEC) }),
    },
    {
      phone: "offers encrypted media only (SRTP)",
      exchange: "488",
      run: invites({
        body: sdp(["m=audio 40000 RTP/SAVP 0", `a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:${KEY}`]),
      }),
    },
    {
      phone: "sends a malformed offer",
      exchange: differs("400", "488"),
      run: invites({ body: "v=0\r\nnonsense\r\n" }),
    },
    {
      phone: "sends its offer in a multipart body",
      exchange: "rings",
      run: invites({ type: "multipart/mixed;boundary=part", body: MULTIPART }),
    },
    {
      phone: "offers audio and video",
      exchange: "audio accepted, video refused",
      run: offers([
        "m=audio 40000 RTP/AVP 0",
        "m=video 40002 RTP/AVP 99",
        "a=rtpmap:99 H264/90000",
      ]),
    },
    {
      phone: "offers audio twice",
      exchange: "audio accepted, audio refused",
      run: offers(["m=audio 40000 RTP/AVP 0", "m=audio 40002 RTP/AVP 8"]),
    },
    {
      phone: "offers RFC 4733 digits",
      exchange: "accepted",
      run: async (bench) => {
        const { ofAlice } = await bench.pair();
        return ofAlice.remoteSdp.includes("telephone-event") ? "accepted" : "refused";
      },
    },
    {
      phone: "cancels its call while the other phone rings",
      exchange: "200 to CANCEL, 487 to INVITE; CANCEL to the other phone",
      run: ringing(async ({ alice, bob, sent, invite }) => {
        bob.reply(invite, 180);
        await alice.answerWith(sent, 180);
        const cancel = code(await alice.final(alice.cancel(sent)));
        const answer = code(await alice.final(sent));
        await bob.take("CANCEL");
        return `${cancel} to CANCEL, ${answer} to INVITE; CANCEL to the other phone`;
      }),
    },
    {
      phone: "cancels a call that was already answered",
      exchange: "481; the call stays",
      run: ringing(async ({ alice, bob, sent, invite }) => {
        const pickUp = bob.pickUp(invite);
        const dialog = await alice.established(sent);
        await pickUp;
        const cancel = await finalOrNone(alice, alice.cancel(sent));
        return `${cancel}; ${await stays(alice, dialog)}`;
      }),
    },
    { phone: "sends CANCEL without a call", exchange: "481", run: outside("CANCEL") },
    {
      phone: "ends its call with BYE while the other phone rings",
      exchange: "200 to BYE, 487 to INVITE",
      run: ringing(async ({ alice, bob, sent, invite }) => {
        bob.reply(invite, 180);
        const dialog = Dialog.of(sent, await alice.answerWith(sent, 180));
        const bye = code(await alice.askInside(dialog, "BYE"));
        return `${bye} to BYE, ${code(await alice.final(sent))} to INVITE`;
      }),
    },
    {
      phone: "sends a re-INVITE while the other phone rings",
      exchange: differs("500", "491"),
      run: ringing(async ({ alice, bob, sent, invite }) => {
        bob.reply(invite, 180);
        const dialog = Dialog.of(sent, await alice.answerWith(sent, 180));
        return code(await alice.askInside(dialog, "INVITE", { body: OFFER }));
      }),
    },
    {
      phone: "repeats its INVITE",
      exchange: "rings once",
      run: ringing(async ({ alice, bob, sent }) => {
        alice.connection.write(alice.text(sent));
        const again = bob.ring(SILENCE);
        return again.then(
          () => "rings twice",
          () => "rings once",
        );
      }),
    },
    {
      phone: "sends the same INVITE over two paths (merged request)",
      exchange: differs("rings twice", "rings once"),
      run: ringing(async ({ alice, bob, sent }) => {
        alice.connection.write(alice.text({ ...sent, branch: `z9hG4bK${unique()}` }));
        const again = bob.ring(SILENCE);
        return again.then(
          () => "rings twice",
          () => "rings once",
        );
      }),
    },
    {
      phone: "takes over a call that does not exist (Replaces)",
      exchange: "481",
      run: invites({ headers: { Replaces: "nothing@192.0.2.1;to-tag=a;from-tag=b" } }),
    },
    {
      phone: "takes over a call (Replaces, RFC 3891)",
      exchange: "200; BYE to the replaced phone",
      run: async (bench) => {
        const { alice, ofAlice } = await bench.pair();
        const carol = await bench.phone(THIRD);
        const replaces = decodeURIComponent(ofAlice.replaces);
        await carol.call(CALLER, { headers: { Replaces: replaces, Require: "replaces" } });
        await alice.heard("BYE");
        return "200; BYE to the replaced phone";
      },
    },
  ],
};
