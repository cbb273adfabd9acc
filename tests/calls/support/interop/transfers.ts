import type { Dialog, RawPhone, Sending } from "../../../support/raw-phone";
import type { SipMessage } from "../../../support/raw-sip";
import type { Bench } from "./bench";
import {
  CALLEE,
  code,
  differs,
  inCall,
  type InteropArea,
  type InteropCase,
  outside,
  stays,
  THIRD,
  UNKNOWN_EXTENSION,
} from "./case";

/** Sends REFER for `target` inside a call. Returns the status of the answer. */
async function sendRefer(
  phone: RawPhone,
  dialog: Dialog,
  target: string,
  headers: Sending["headers"] = {},
): Promise<string> {
  const all = { "Refer-To": target, ...headers };
  return code(await phone.askInside(dialog, "REFER", { headers: all }));
}

/** Transfers a call to `target`. Returns the status of the answer to REFER. If it is 202, adds the last NOTIFY's status. */
async function refer(
  phone: RawPhone,
  dialog: Dialog,
  target: string,
  headers: Sending["headers"] = {},
): Promise<string> {
  const answer = await sendRefer(phone, dialog, target, headers);
  if (answer !== "202") return answer;
  const notify = await phone.heard("NOTIFY", (message) =>
    message.header("Subscription-State").startsWith("terminated"),
  );
  return `202, NOTIFY ${/^SIP\/2\.0 (\d+)/.exec(notify.body)?.[1] ?? "without a status"}`;
}

/** Returns the caller's number in `invite`, and the names of headers that only a transferring phone can have added. */
const caller = (invite: SipMessage): string =>
  [
    /sip:(\w+)@/.exec(invite.header("From"))?.[1] ?? "",
    ...["Referred-By", "Replaces"].filter((name) => invite.header(name) !== ""),
  ].join(", ");

const uri = (bench: Bench, extension: string, headers = ""): string =>
  `<sip:${extension}@${bench.server}${headers}>`;

const BLIND = "202, NOTIFY 200; 1003 rings, called by 1001";

/** Returns the `run` of a case in which 1001 in zone1 calls 1002, and 1002 transfers the call to 1003. */
const blind =
  (zoneOfBob: string, zoneOfCarol: string): InteropCase["run"] =>
  async (bench) => {
    const { bob, ofBob } = await bench.pair({}, {}, [{}, { zone: zoneOfBob }]);
    const carol = await bench.phone(THIRD, { zone: zoneOfCarol });
    const ringing = carol.ring();
    const told = refer(bob, ofBob, uri(bench, THIRD), {
      "Referred-By": '"Mallory" <sip:4711@192.0.2.66>',
    });
    told.catch(() => undefined); // If the transfer fails, `carol.ring` throws.
    const invite = await ringing;
    await carol.pickUp(invite);
    return `${await told}; 1003 rings, called by ${caller(invite)}`;
  };

const ATTENDED = "202, NOTIFY 200; BYE to both calls";

/** Returns the `run` of a case in which 1001 in zone1 calls 1002, and 1002 calls 1003 and joins the two calls. */
const attended =
  (zoneOfBob: string, zoneOfCarol: string): InteropCase["run"] =>
  async (bench) => {
    const { bob, ofBob } = await bench.pair({}, {}, [{}, { zone: zoneOfBob }]);
    const carol = await bench.phone(THIRD, { zone: zoneOfCarol });
    const { ofAlice: consultation } = await bench.connect(bob, carol);
    const told = await refer(bob, ofBob, uri(bench, THIRD, `?Replaces=${consultation.replaces}`));
    const ended = bob.heard("BYE", (message) => message.header("Call-ID") === consultation.callId);
    // After a transfer, the transferring phone ends its own call (RFC 5589, 6.1).
    const bye = await bob.askInside(ofBob, "BYE");
    await ended;
    return `${told}; BYE to both calls${bye.status === 200 ? "" : `, ${code(bye)}`}`;
  };

/** Part of a URI: a Replaces header that names a call that the zone does not have. */
const ELSEWHERE = "?Replaces=nothing%40192.0.2.1%3Bto-tag%3Da%3Bfrom-tag%3Db";

/** Returns the `run` of a case in which 1002 transfers its call with 1001 to a target that cannot be called. */
const fails =
  (target: string): InteropCase["run"] =>
  async (bench) => {
    const { alice, ofAlice, bob, ofBob } = await bench.pair();
    const told = await refer(bob, ofBob, target);
    return `${told}; ${await stays(alice, ofAlice)}`;
  };

export const TRANSFERS: InteropArea = {
  title: "Transfers",
  cases: [
    {
      phone: "transfers a call (REFER) inside its zone",
      exchange: BLIND,
      run: blind("zone1", "zone1"),
    },
    {
      phone: "transfers a call from another zone to a phone in that zone",
      exchange: BLIND,
      run: blind("zone2", "zone1"),
    },
    {
      phone: "transfers a call from another zone to a phone in its own zone",
      exchange: BLIND,
      run: blind("zone2", "zone2"),
    },
    {
      phone: "joins its two calls (REFER with Replaces) inside its zone",
      exchange: ATTENDED,
      run: attended("zone1", "zone1"),
    },
    {
      phone: "joins two calls, both with phones in another zone",
      exchange: ATTENDED,
      run: attended("zone2", "zone1"),
    },
    {
      phone: "joins a call from another zone and a call in its own zone",
      exchange: ATTENDED,
      run: attended("zone2", "zone2"),
    },
    {
      phone: "joins its call with a call that the zone does not have",
      exchange: differs("202; 1003 rings, called by 1001", "202, NOTIFY 481; the call stays"),
      run: async (bench) => {
        const { alice, ofAlice, bob, ofBob } = await bench.pair();
        const carol = await bench.phone(THIRD);
        const target = uri(bench, THIRD, ELSEWHERE);
        if (bench.driver === "chan_sip") {
          return `${await refer(bob, ofBob, target)}; ${await stays(alice, ofAlice)}`;
        }
        // The NOTIFY comes only after 1003 answers.
        const answer = await sendRefer(bob, ofBob, target);
        return `${answer}; 1003 rings, called by ${caller(await carol.ring())}`;
      },
    },
    {
      phone: "transfers and asks for no NOTIFY (Refer-Sub: false)",
      exchange: differs("200; 1003 rings", "202, NOTIFY 200; 1003 rings"),
      run: async (bench) => {
        const { bob, ofBob } = await bench.pair();
        const carol = await bench.phone(THIRD);
        const told = refer(bob, ofBob, uri(bench, THIRD), { "Refer-Sub": "false" });
        told.catch(() => undefined); // If the transfer fails, `carol.ring` throws.
        await carol.ring();
        return `${await told}; 1003 rings`;
      },
    },
    {
      phone: "transfers to a number without a user",
      exchange: differs("202, NOTIFY 503; the call ends", "202, NOTIFY 200; the call ends"),
      run: fails(`<sip:${UNKNOWN_EXTENSION}@192.0.2.1>`),
    },
    {
      phone: "transfers to a name instead of a number",
      exchange: "202, NOTIFY 404; the call stays",
      run: fails("<sip:reception@192.0.2.1>"),
    },
    {
      phone: "transfers to a dial string (`IAX2/203.0.113.66/777`)",
      exchange: "202, NOTIFY 404; the call stays",
      run: fails("<sip:IAX2%2F203.0.113.66%2F777@192.0.2.1>"),
    },
    {
      phone: "transfers to options of `Dial` (`1003,,g`)",
      exchange: "202, NOTIFY 404; the call stays",
      run: fails("<sip:1003%2C%2Cg@192.0.2.1>"),
    },
    {
      phone: "makes an attended transfer (Replaces) to a dial string",
      exchange: differs("202, NOTIFY 503; the call ends", "202, NOTIFY 481; the call stays"),
      run: fails(`<sip:IAX2%2F203.0.113.66%2F1003@192.0.2.1${ELSEWHERE}>`),
    },
    {
      phone: "transfers to another protocol (`iax2:`, `tel:`)",
      exchange: differs("400; the call stays", "603; the call stays"),
      run: async (bench) => {
        const { alice, ofAlice, bob, ofBob } = await bench.pair();
        const told = [
          await refer(bob, ofBob, "<iax2:1003@203.0.113.66>"),
          await refer(bob, ofBob, "<tel:1003>"),
        ];
        return `${[...new Set(told)].join(", ")}; ${await stays(alice, ofAlice)}`;
      },
    },
    { phone: "sends REFER without Refer-To", exchange: "400", run: inCall("REFER") },
    {
      phone: "sends REFER outside of a call",
      exchange: differs("501", "603"),
      run: outside("REFER", { headers: { "Refer-To": `<sip:${CALLEE}@192.0.2.1>` } }),
    },
  ],
};
