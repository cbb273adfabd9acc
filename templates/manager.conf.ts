import { z } from "zod";
import { type SipDriver, zoneContextSchema } from "./context";
import { template } from "./engine";

/** The manager interface of a zone's Asterisk, over TCP and HTTP, and the one program that uses the interface. */
const PORT = 5038;
const HTTP_PORT = 8088;
const USERNAME = "reports";

const ManagerConfContext = z.strictObject({
  port: z.int().positive(),
  username: z.string(),
  secret: z.string().min(1),
  /** Classes of events. */
  classes: z.string(),
  /** Names of events that Asterisk does not make. */
  unread: z.string(),
  /** Names of the security events to let through, as a regular expression. */
  security: z.string(),
  isChanSip: z.boolean(),
});

const render = template("manager.conf.hbs", ManagerConfContext);

const zone = zoneContextSchema.pick({ name: true, sipDriver: true, logins: true }).strip();
type Zone = z.input<typeof zone>;

/** What tells of log-ins. */
interface Events {
  /** Classes. */
  readonly classes: readonly string[];
  /** Of the class `security`. */
  readonly security: readonly string[];
  /** Events of registrations and calls that nothing reads, and that only take time. */
  readonly unread: readonly string[];
}

const RESULTS = ["SuccessfulAuth", "ChallengeResponseFailed", "InvalidPassword"];

/**
 * chan_sip's security events do not tell the port of a connection; its PeerStatus events, of the class `system`, do.
 * They do not tell of the log-in of a call either; the event Newchannel, of the class `call`, does. With PJSIP, a wrong
 * password is refused whatever its nonce, so that challenges tell nothing. Asterisk 16 cannot leave out any event.
 */
const EVENTS: Readonly<Record<SipDriver, Events>> = {
  chan_sip: {
    classes: ["security", "system", "call"],
    security: [...RESULTS, "ChallengeSent"],
    unread: [],
  },
  pjsip: {
    classes: ["security"],
    security: RESULTS,
    unread: [
      "ChallengeSent",
      "InvalidAccountID",
      "PeerStatus",
      "ContactStatus",
      "DeviceStateChange",
      "Newchannel",
      "Newstate",
      "Newexten",
      "NewCallerid",
      "NewConnectedLine",
      "NewAccountCode",
      "DialBegin",
      "DialState",
      "DialEnd",
      "BridgeCreate",
      "BridgeEnter",
      "BridgeLeave",
      "BridgeDestroy",
      "HangupRequest",
      "SoftHangupRequest",
      "Hangup",
      "RTCPSent",
      "RTCPReceived",
      "DTMFBegin",
      "DTMFEnd",
    ],
  },
};

const renderHttp = template("http.conf.hbs", z.strictObject({ port: z.int().positive() }));

/** `http.conf`. */
export const renderHttpConf = (): string => renderHttp({ port: HTTP_PORT });

/** `manager.conf` of one zone. */
export function renderManagerConf(context: Zone): string {
  const { sipDriver, logins } = zone.parse(context);
  const { classes, security, unread } = EVENTS[sipDriver];
  return render({
    port: PORT,
    username: USERNAME,
    secret: logins.managerSecret,
    classes: classes.join(","),
    unread: unread.join(","),
    security: security.join("|"),
    isChanSip: sipDriver === "chan_sip",
  });
}

/** Configuration of `/usr/lib/trunkline/report-logins`; the shape is documented there. */
export function renderReportLogins(context: Zone): string {
  const { name, sipDriver, logins } = zone.parse(context);
  const { host, port, managerSecret } = logins;
  return `${JSON.stringify({
    zone: name,
    sipDriver,
    controller: { host, port },
    manager: { port: HTTP_PORT, username: USERNAME, secret: managerSecret },
  })}\n`;
}
