import { digest } from "../../../support/digest";
import { OFFER, type Outside, type RawPhone } from "../../../support/raw-phone";
import type { SipMessage } from "../../../support/raw-sip";
import type { Bench } from "./bench";
import { alone, CALLEE, CALLER, code, differs, type InteropArea, type InteropCase } from "./case";

/**
 * Returns the status, and the granted expiry rounded up to a multiple of 5 s. PJSIP reports the remaining time, which
 * may be one second less than the expiry.
 */
function granted(answer: SipMessage): string {
  const seconds = Number(answer.parameter("Contact", "expires") || answer.header("Expires"));
  return `${code(answer)}, for ${String(Math.ceil(seconds / 5) * 5)} s`;
}

/** Returns the `run` of a case with one phone that is not registered yet. */
const fresh =
  (act: (phone: RawPhone, bench: Bench) => Promise<string>): InteropCase["run"] =>
  async (bench) =>
    act(await bench.phone(CALLER, { register: false }), bench);

const registers = (sending: Outside, tell = code): InteropCase["run"] =>
  fresh(async (phone) => tell(await phone.register(sending)));

/** Returns the `run` of a case in which a phone logs in with the header that `authorize` makes from the challenge. */
const logsIn = (
  authorize: (challenge: SipMessage, phone: RawPhone) => Readonly<Record<string, string>>,
  tell = code,
): InteropCase["run"] =>
  fresh(async (phone) => {
    const challenge = await phone.register({ credentials: null });
    const headers = authorize(challenge, phone);
    return tell(await phone.register({ headers, credentials: null }));
  });

/** Returns the digest that answers a challenge. @param qop whether to use `qop`. */
const answerTo = (challenge: SipMessage, { account, server }: RawPhone, qop: boolean): string =>
  digest(account, "REGISTER", `sip:${server}`, challenge.header("WWW-Authenticate"), { qop });

const hasQop = (challenge: SipMessage): boolean =>
  challenge.header("WWW-Authenticate").includes("qop=");

export const REGISTRATION: InteropArea = {
  title: "Registration",
  cases: [
    {
      phone: "registers for 60 s",
      exchange: "200, for 60 s",
      run: registers({}, granted),
    },
    {
      phone: "registers for an hour",
      exchange: "200, for 60 s",
      run: registers({ headers: { Expires: "3600" } }, granted),
    },
    {
      phone: "registers for 10 s",
      exchange: "200, for 30 s",
      run: registers({ headers: { Expires: "10" } }, granted),
    },
    {
      phone: "registers without an expiry",
      exchange: "200, for 60 s",
      run: registers({ headers: { Expires: null } }, granted),
    },
    {
      phone: "gives the expiry in Contact (`expires=45`)",
      exchange: "200, for 45 s",
      run: registers(
        {
          headers: {
            Expires: null,
            Contact: `<sip:${CALLER}@192.0.2.1:5060;transport=tcp>;expires=45`,
          },
        },
        granted,
      ),
    },
    {
      phone: "refreshes its registration",
      exchange: "200, 1 Contact",
      run: alone(async (phone) => contacts(await phone.register())),
    },
    {
      phone: "queries its registrations (no Contact)",
      exchange: "200, 1 Contact",
      run: alone(async (phone) =>
        contacts(await phone.register({ headers: { Contact: null, Expires: null } })),
      ),
    },
    {
      phone: "removes its registration (Expires: 0)",
      exchange: "200; calls to the phone get 480",
      run: alone(async (phone, bench) => {
        const bob = await bench.phone(CALLEE);
        const answer = await bob.register({ headers: { Expires: "0" } });
        const call = await phone.ask("INVITE", { to: CALLEE, body: OFFER });
        return `${code(answer)}; calls to the phone get ${code(call)}`;
      }),
    },
    {
      phone: "removes all registrations (Contact: \\*)",
      exchange: "200, 0 Contact",
      run: alone(async (phone) =>
        contacts(await phone.register({ headers: { Contact: "*", Expires: "0" } })),
      ),
    },
    {
      phone: "sends Contact: \\* with an expiry other than 0",
      exchange: "400",
      run: alone(async (phone) =>
        code(await phone.register({ headers: { Contact: "*", Expires: "60" } })),
      ),
    },
    {
      phone: "registers two Contacts at once",
      exchange: differs("403, 0 Contact", "200, 1 Contact"),
      run: registers(
        {
          headers: {
            Contact: [1, 2].map((host) => `<sip:${CALLER}@192.0.2.${String(host)};transport=tcp>`),
          },
        },
        contacts,
      ),
    },
    {
      phone: "has a Contact that DNS cannot resolve (`.invalid`)",
      exchange: "200; calls reach the phone",
      run: alone(async (alice, bench) => {
        const bob = await bench.phone(CALLEE, { register: false });
        await bench.registered(bob, {
          headers: { Contact: "<sip:x7f3@df7jal23ls0d.invalid;transport=ws>" },
        });
        await alice.begin("INVITE", { to: CALLEE, body: OFFER });
        await bob.ring();
        return "200; calls reach the phone";
      }),
    },
    {
      phone: "uses a domain other than the exchange's address",
      exchange: "200",
      run: registers({
        headers: {
          From: `<sip:${CALLER}@pbx.example.com>;tag=domain`,
          To: `<sip:${CALLER}@pbx.example.com>`,
        },
      }),
    },
    {
      phone: "registers with a wrong password",
      exchange: differs("401", "403"),
      run: registers({ credentials: { extension: CALLER, secret: "wrong" } }),
    },
    {
      phone: "registers with an account that does not exist",
      exchange: differs("401", "403"),
      run: async (bench) => {
        const phone = await bench.phone("4711", { register: false });
        return code(await phone.register({ credentials: { extension: "4711", secret: "wrong" } }));
      },
    },
    {
      phone: "logs in with an unknown nonce and the right password",
      exchange: "401, stale=true",
      run: logsIn(
        (challenge, phone) => ({
          Authorization: answerTo(forged(challenge), phone, hasQop(challenge)),
        }),
        (answer) =>
          `${code(answer)}, stale=${answer.parameter("WWW-Authenticate", "stale") || "false"}`,
      ),
    },
    {
      phone: "logs in without `qop` (RFC 2069)",
      exchange: "200",
      run: logsIn((challenge, phone) => ({ Authorization: answerTo(challenge, phone, false) })),
    },
    {
      phone: "logs in with Proxy-Authorization",
      exchange: "401",
      run: logsIn((challenge, phone) => ({
        "Proxy-Authorization": answerTo(challenge, phone, hasQop(challenge)),
      })),
    },
    {
      phone: "registers and requires an unknown option (Require: foo)",
      exchange: "200",
      run: registers({ headers: { Require: "foo" } }),
    },
  ],
};

function contacts(answer: SipMessage): string {
  const count = answer.all("Contact").flatMap((value) => value.split(",")).length;
  return `${code(answer)}, ${String(count)} Contact`;
}

/** Returns the challenge with a nonce that the exchange has not issued. */
const forged = (challenge: SipMessage): SipMessage =>
  challenge.with("WWW-Authenticate", (value) =>
    value.replace(/nonce="(.)/, (_, first) => `nonce="${first === "0" ? "1" : "0"}`),
  );
