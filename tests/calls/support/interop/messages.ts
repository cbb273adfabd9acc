import { sleep } from "../../../../phones/within";
import type { RawPhone, Sent } from "../../../support/raw-phone";
import { unique } from "../../../support/raw-sip";
import {
  alone,
  CALLEE,
  CALLER,
  code,
  differs,
  type InteropArea,
  type InteropCase,
  invites,
  NO_ANSWER,
  shown,
  SILENCE,
} from "./case";

/** Returns an OPTIONS request to the exchange, without sending it. */
function options(phone: RawPhone): Sent {
  const uri = `sip:${phone.server}`;
  return {
    method: "OPTIONS",
    uri,
    from: `${phone.address};tag=${unique()}`,
    to: `<${uri}>`,
    callId: unique(),
    sequence: 1,
    branch: `z9hG4bK${unique()}`,
    sending: {},
  };
}

/** Returns the `run` of a case in which 1001 sends OPTIONS in segments. A 401 also counts as "answered". */
const writes = (segments: (text: string) => readonly string[]): InteropCase["run"] =>
  alone(async (phone) => {
    const sent = options(phone);
    for (const segment of segments(phone.text(sent))) {
      phone.connection.write(segment);
      await sleep(1);
    }
    const answer = phone.connection.take(
      "an answer",
      (message) => message.status !== null && message.header("Call-ID") === sent.callId,
      2 * SILENCE,
    );
    return answer.then(
      ({ status }) => ([200, 401].includes(status ?? 0) ? "answered" : String(status)),
      () => NO_ANSWER,
    );
  });

const changed = (change: (text: string) => string): InteropCase["run"] =>
  writes((text) => [change(text)]);

const parts = (text: string, count: number): string[] => {
  const size = Math.ceil(text.length / count);
  return Array.from({ length: count }, (_, at) => text.slice(at * size, (at + 1) * size));
};

const more = (text: string, headers: readonly string[]): string =>
  text.replace("\r\n\r\n", ["", ...headers, "", ""].join("\r\n"));

const COMPACT = [
  ["Via", "v"],
  ["From", "f"],
  ["To", "t"],
  ["Call-ID", "i"],
  ["Contact", "m"],
  ["Content-Length", "l"],
] as const;

export const MESSAGES: InteropArea = {
  title: "How messages are written",
  cases: [
    {
      phone: "writes compact headers (`v`, `f`, `t`, `i`, `m`, `l`)",
      exchange: "answered",
      run: changed((text) =>
        COMPACT.reduce((all, [long, short]) => all.replace(`\r\n${long}:`, `\r\n${short}:`), text),
      ),
    },
    {
      phone: "writes header names in lower case",
      exchange: "answered",
      run: changed((text) => text.replace(/^[A-Z][\w-]*:/gm, (name) => name.toLowerCase())),
    },
    {
      phone: "folds headers over several lines",
      exchange: "answered",
      run: changed((text) => more(text, ["Subject: one", " two", "\tthree"])),
    },
    {
      phone: "sends a request in five segments",
      exchange: "answered",
      run: writes((text) => parts(text, 5)),
    },
    {
      phone: "sends a request byte by byte",
      exchange: "answered",
      run: writes((text) => parts(text, text.length)),
    },
    {
      phone: "sends two requests in one segment",
      exchange: "both answered",
      run: alone(async (phone) => {
        const [one, two] = [options(phone), options(phone)];
        phone.connection.write(phone.text(one) + phone.text(two));
        await Promise.all([phone.final(one), phone.final(two)]);
        return "both answered";
      }),
    },
    {
      phone: "sends CRLF CRLF as a keep-alive (RFC 5626)",
      exchange: "no answer; the connection stays",
      run: alone(async (phone) => {
        phone.connection.write("\r\n\r\n");
        const pong = phone.connection.keepAlive(SILENCE);
        const answer = await pong.then(
          () => "CRLF",
          () => NO_ANSWER,
        );
        await phone.register();
        return `${answer}; the connection stays`;
      }),
    },
    {
      phone: "sends a header of 3,000 characters",
      exchange: "answered",
      run: changed((text) => more(text, [`X-Long: ${"x".repeat(3_000)}`])),
    },
    {
      phone: "sends 100 unknown headers",
      exchange: "answered",
      run: changed((text) =>
        more(
          text,
          Array.from({ length: 100 }, (_, at) => `X-${String(at)}: ${String(at)}`),
        ),
      ),
    },
    {
      phone: "sends three Via headers",
      exchange: "answered with 3 Via headers",
      run: alone(async (phone) => {
        const own = `SIP/2.0/TCP 192.0.2.1:5060;branch=z9hG4bK${unique()};rport`;
        const others = [7, 8].map((host) => `SIP/2.0/UDP 192.0.2.${String(host)};branch=z9hG4bKx`);
        const answer = await phone.ask("OPTIONS", {
          headers: { Via: [own, ...others] },
          credentials: null,
        });
        const count = answer.all("Via").flatMap((value) => value.split(",")).length;
        return `answered with ${String(count)} Via headers`;
      }),
    },
    {
      phone: "sends no Content-Length, which TCP requires",
      exchange: differs(NO_ANSWER, "answered"),
      run: changed((text) => text.replace("Content-Length: 0\r\n", "")),
    },
    {
      phone: "sends no Max-Forwards",
      exchange: "answered",
      run: changed((text) => text.replace("Max-Forwards: 70\r\n", "")),
    },
    {
      phone: "calls with Max-Forwards: 0",
      exchange: "rings",
      run: invites({ headers: { "Max-Forwards": "0" } }),
    },
    {
      phone: "gives a CSeq method other than the request's method",
      exchange: "answered",
      run: changed((text) => text.replace(/^CSeq: .*$/m, "CSeq: 1 INFO")),
    },
    {
      phone: "speaks SIP/3.0",
      exchange: NO_ANSWER,
      run: changed((text) => text.replace("SIP/2.0\r\n", "SIP/3.0\r\n")),
    },
    {
      phone: "escapes a digit of the number (`%31002`)",
      exchange: "rings",
      run: invites((bench) => ({ uri: `sip:%31002@${bench.server}` })),
    },
    {
      phone: "adds `;user=phone` to the number",
      exchange: "rings",
      run: invites((bench) => ({ uri: `sip:${CALLEE}@${bench.server};user=phone` })),
    },
    {
      phone: "dials a `tel:` URI",
      exchange: differs("rings", "401"),
      run: invites({ uri: `tel:${CALLEE}` }),
    },
    {
      phone: "has a display name with quotes, commas and UTF-8",
      exchange: "rings as Alice",
      run: invites(
        (bench) => ({
          headers: {
            From: `"J\u00fcrgen \\"J\\", O'Neill; x" <sip:${CALLER}@${bench.server}>;tag=name`,
          },
        }),
        ({ invite }) => ` as ${shown(invite)}`,
      ),
    },
    {
      phone: "withholds its number (RFC 3323)",
      exchange: "rings as Alice",
      run: invites(
        {
          headers: {
            From: '"Anonymous" <sip:anonymous@anonymous.invalid>;tag=anonymous',
            Privacy: "id",
          },
        },
        ({ invite }) => ` as ${shown(invite)}`,
      ),
    },
    {
      phone: "sends a Route header with the exchange's address",
      exchange: "rings",
      run: invites((bench) => ({
        headers: { Route: `<sip:${bench.server}:5060;transport=tcp;lr>` },
      })),
    },
    {
      phone: "calls with a Record-Route of another host",
      exchange: "200; BYE on the phone's connection",
      run: async (bench) => {
        const calls = { headers: { "Record-Route": "<sip:192.0.2.9;lr>" } };
        const { alice, bob, ofBob } = await bench.pair(calls);
        const answer = await bob.askInside(ofBob, "BYE");
        await alice.heard("BYE");
        return `${code(answer)}; BYE on the phone's connection`;
      },
    },
  ],
};
