import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

const STATIC = join(ROOT, "images/elements/pbx-asterisk/static");
const PROGRAM = join(STATIC, "usr/lib/trunkline/report-logins");

/** Python code that loads report-logins as the module `program` and reads `given` from standard input. */
const LOAD = `
import importlib.machinery, importlib.util, json, sys
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("program", sys.argv[1])
program = importlib.util.module_from_spec(importlib.util.spec_from_loader("program", loader))
loader.exec_module(program)
given = json.load(sys.stdin)
`;

function python(script: string, given: unknown): unknown {
  const { status, stdout, stderr } = spawnSync("python3", ["-IS", "-c", LOAD + script, PROGRAM], {
    input: JSON.stringify(given),
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** An event of res_trunkline_logins. If `time` is missing, the event has the simulated time of the test. */
interface Event {
  readonly name: string;
  readonly account: string;
  readonly session: string;
  readonly port: number;
  readonly time?: number;
}
/** An event, or a number of seconds that pass in the test. */
type Step = Event | number;

/** Returns report-logins' reports about the events in `steps`, such as `refused 1001 54321 register`. */
function reports(driver: "pjsip" | "chan_sip", steps: readonly Step[]): string[] {
  const script = `
translator, now, made = program.EVENTS[given["driver"]](), 0.0, []
for step in given["steps"]:
    if isinstance(step, dict):
        made += translator.read(program.Event(**{"time": now, **step}), now)
    else:
        now += step
    made += translator.overdue(now)
print(json.dumps([" ".join(str(value) for value in one.values()) for one in made]))`;
  return python(script, { driver, steps }) as string[];
}

const pjsip = (name: string, account: string, port: number): Event => ({
  name,
  account,
  session: "-",
  port,
});

describe("with PJSIP, report-logins", () => {
  test("reports a log-in", () => {
    expect(reports("pjsip", [pjsip("SuccessfulAuth", "1001", 41348)])).toEqual([
      "accepted 1001 41348 other",
    ]);
  });

  test("reports a wrong password and an unknown account", () => {
    const steps = [
      pjsip("ChallengeResponseFailed", "1001", 41318),
      pjsip("ChallengeResponseFailed", "<unknown>", 41344),
      pjsip("ChallengeResponseFailed", "<unknown>", 41345),
    ];
    expect(reports("pjsip", steps)).toEqual([
      "refused 1001 41318 other",
      "refused  41344 other",
      "refused  41345 other",
    ]);
  });
});

/** Returns a security event of chan_sip. Its port, 9999, stands for the port in the Via header. */
const chanSip = (name: string, account: string, session = "0x7f01"): Event => ({
  name,
  account,
  session,
  port: 9999,
});
const peer = (name: "Registered" | "Rejected", account: string, port: number): Event => ({
  name,
  account,
  session: "-",
  port,
});

/** Returns the event of a call that a phone places. */
const channel = (account: string): Event => ({
  name: "Newchannel",
  account,
  session: "-",
  port: 0,
});

describe("with chan_sip, report-logins", () => {
  test("reports the port of a registration", () => {
    const steps = [
      chanSip("ChallengeSent", "1001"),
      chanSip("SuccessfulAuth", "1001"),
      peer("Registered", "1001", 36830),
    ];
    expect(reports("chan_sip", steps)).toEqual(["accepted 1001 36830 register"]);
  });

  test.each([
    ["before", [peer("Rejected", "1001", 36846), chanSip("InvalidPassword", "1001")]],
    ["after", [chanSip("InvalidPassword", "1001"), peer("Rejected", "1001", 36846)]],
    [
      "1.9 seconds before",
      [peer("Rejected", "1001", 36846), 1.9, chanSip("InvalidPassword", "1001")],
    ],
  ] as const)("reports a wrong password once if its port is read %s the refusal", (_, steps) => {
    expect(reports("chan_sip", [chanSip("ChallengeSent", "1001"), ...steps, 60])).toEqual([
      "refused 1001 36846 register",
    ]);
  });

  test("reports two wrong passwords for an account with two different ports", () => {
    const steps = [
      chanSip("ChallengeSent", "1001", "0x1"),
      chanSip("ChallengeSent", "1001", "0x2"),
      chanSip("InvalidPassword", "1001", "0x1"),
      chanSip("InvalidPassword", "1001", "0x2"),
      peer("Rejected", "1001", 36846),
      peer("Rejected", "1001", 36847),
    ];
    expect(reports("chan_sip", [...steps, 60])).toEqual([
      "refused 1001 36846 register",
      "refused 1001 36847 register",
    ]);
  });

  test("reports a wrong password with port 0 if the port is not read within two seconds", () => {
    const steps = [chanSip("ChallengeSent", "nobody"), chanSip("InvalidPassword", "nobody")];
    expect(reports("chan_sip", [...steps, 2])).toEqual([]);
    expect(reports("chan_sip", [...steps, 2.1])).toEqual(["refused nobody 0 register"]);
  });

  test("reports the caller of a refused call with port 0 instead of the port in the Via header", () => {
    const steps = [
      chanSip("ChallengeSent", "sip:1001@198.51.100.254"),
      chanSip("InvalidPassword", "1003"),
    ];
    expect(reports("chan_sip", steps)).toEqual(["refused 1001 0 call"]);
  });

  test("reports each further challenge of a dialog, but not the first", () => {
    const [first, other] = ["0x1", "0x2"].map((session) =>
      chanSip("ChallengeSent", "1001", session),
    ) as [Event, Event];
    expect(reports("chan_sip", [first, other])).toEqual([]);
    expect(reports("chan_sip", [first, 6, first, other, first])).toEqual([
      "challenged 1001 0 register",
      "challenged 1001 0 register",
    ]);
  });

  test("reports no challenge to a phone that logs in, even if its dialog has the memory address of another", () => {
    const challenge = chanSip("ChallengeSent", "1001");
    const login = chanSip("SuccessfulAuth", "1001");
    const other = [chanSip("ChallengeSent", "1003"), chanSip("SuccessfulAuth", "1003")];
    const call = chanSip("ChallengeSent", "sip:1001@198.51.100.254");
    expect(reports("chan_sip", [challenge, 33.1, challenge, login, 60])).toEqual([]);
    expect(reports("chan_sip", [challenge, login, challenge, 60])).toEqual([]);
    // A dialog usually ends 6.4 seconds after its challenge. The next dialog may have the same address in memory.
    expect(reports("chan_sip", [challenge, login, 6.4, ...other, 60])).toEqual([]);
    expect(reports("chan_sip", [challenge, 6.4, ...other, 6.4, challenge, login, 60])).toEqual([]);
    expect(reports("chan_sip", [challenge, 6.4, call, channel("1001"), 60])).toEqual([
      "accepted 1001 0 call",
    ]);
    // The end of a call ends its dialog immediately.
    expect(reports("chan_sip", [call, channel("1001"), 1, ...other, 60])).toEqual([
      "accepted 1001 0 call",
    ]);
    expect(
      reports("chan_sip", [call, channel("1001"), 1, call, channel("1001"), 1, ...other, 60]),
    ).toEqual(["accepted 1001 0 call", "accepted 1001 0 call"]);
  });

  test("reports a late second challenge as a guess if no log-in of the account follows in 7.3 seconds", () => {
    const challenge = chanSip("ChallengeSent", "1001");
    const login = chanSip("SuccessfulAuth", "1002");
    const told = ["challenged 1001 0 register"];
    expect(reports("chan_sip", [challenge, 6.4, challenge, 7.2])).toEqual([]);
    expect(reports("chan_sip", [challenge, 6.4, challenge, 7.4])).toEqual(told);
    expect(reports("chan_sip", [challenge, 6.4, challenge, 6.4, challenge])).toEqual(told);
    expect(reports("chan_sip", [challenge, 6.4, challenge, login, 7.4])).toEqual(told);
    // A client may keep a dialog alive for longer than 6.4 seconds.
    expect(reports("chan_sip", [challenge, 600, challenge, 7.4])).toEqual(told);
  });

  test("reports guesses in calls, and each call of the account excuses at most one of them", () => {
    const sessions = ["0x1", "0x2", "0x3"];
    const calls = sessions.map((session) => chanSip("ChallengeSent", "sip:1001@x", session));
    expect(reports("chan_sip", [...calls, channel("1002"), ...calls])).toEqual([
      "accepted 1002 0 call",
      ...sessions.map(() => "challenged 1001 0 call"),
    ]);
    // The call may have ended one dialog, so the next challenge in that dialog is doubtful. It is reported because no
    // further call follows.
    expect(reports("chan_sip", [...calls, channel("1001"), ...calls, 60])).toEqual([
      "accepted 1001 0 call",
      ...sessions.map(() => "challenged 1001 0 call"),
    ]);
    expect(reports("chan_sip", [...calls, 6.4, ...calls, channel("1001"), 60])).toEqual([
      "accepted 1001 0 call",
      "challenged 1001 0 call",
      "challenged 1001 0 call",
    ]);
  });

  test("uses the times of Asterisk's events, even if it reads the events late", () => {
    const at = (account: string, time: number): Event => ({
      ...chanSip("ChallengeSent", account, "0x1"),
      time,
    });
    const login = chanSip("SuccessfulAuth", "1003", "0x1");
    expect(reports("chan_sip", [at("1001", 97.1), at("1003", 103.5), login])).toEqual([]);
    expect(reports("chan_sip", [at("1001", 97.1), 9, at("1003", 103.3), login])).toEqual([
      "challenged 1003 0 register",
    ]);
    // If Asterisk's clock was set back, the challenge before a log-in is not reported.
    expect(reports("chan_sip", [at("1001", 97.1), at("1003", 97), login])).toEqual([]);
  });

  test("reports no challenge if each of two doubtful challenges is followed by a call of its own", () => {
    const call = (session: string) => chanSip("ChallengeSent", "sip:1001@x", session);
    const login = ["ChallengeSent", "SuccessfulAuth"].map((event) => chanSip(event, "1003", "0x1"));
    const [first, second] = [call("0x1"), call("0x2")];
    const excused = [first, 6.4, first, channel("1001"), 8];
    const next = [second, 6.4, second, channel("1001"), ...login, 60];
    expect(reports("chan_sip", [...excused, ...next])).toEqual([
      "accepted 1001 0 call",
      "accepted 1001 0 call",
    ]);
  });

  test("assumes a dialog lifetime slightly below 64 times timert1 of sip.conf", () => {
    const sipConf = readFileSync(join(ROOT, "templates/sip.conf.hbs"), "utf8");
    const t1 = Number(/^timert1=(\d+)$/m.exec(sipConf)?.[1]);
    const dialog = python("print(program.DIALOG)", null) as number;
    expect(dialog).toBeLessThan((64 * t1) / 1000);
    expect(dialog).toBeGreaterThan((64 * t1) / 1000 - 0.2);
  });

  test("reports the challenges of a user who guesses another user's password in the dialog of a log-in", () => {
    const login = [chanSip("ChallengeSent", "1002"), chanSip("SuccessfulAuth", "1002")];
    const call = chanSip("ChallengeSent", "sip:1002@198.51.100.254");
    expect(
      reports("chan_sip", [...login, chanSip("ChallengeSent", "1001"), ...login, call, call]),
    ).toEqual([
      "challenged 1001 0 register",
      "challenged 1002 0 register",
      "challenged 1002 0 call",
      "challenged 1002 0 call",
    ]);
  });

  test("reports guesses that follow the guessing user's own log-ins", () => {
    const guess = chanSip("ChallengeSent", "1001");
    const login = chanSip("SuccessfulAuth", "1002");
    expect(reports("chan_sip", [guess, login, guess, login, guess])).toEqual([
      "challenged 1001 0 register",
      "challenged 1001 0 register",
    ]);
  });

  test("reports the account that places a call", () => {
    expect(reports("chan_sip", [channel("1001")])).toEqual(["accepted 1001 0 call"]);
  });
});

/** Runs Python code with an outbox, a simulated clock, `put` and `take`. Returns the value that the code prints. */
const outbox = (script: string): unknown =>
  python(
    `
clock = [0.0]
outbox = program.Outbox(lambda: clock[0])
def put(*numbers, event="refused"):
    outbox.put([program.report(event, str(number), number, "other") for number in numbers])
def take():
    return [one["port"] for one in outbox.fresh(outbox.take(0))]
${script}`,
    null,
  );

test("report-logins keeps only the newest waiting reports, and counts the dropped ones", () => {
  const script = `
program.QUEUE = 3
put(1, 2, 3, 4, 5)
taken = outbox.take(0)
put(6)
outbox.put_back(taken)
print(json.dumps([take(), outbox.take_dropped(), outbox.take_dropped()]))`;
  expect(outbox(script)).toEqual([[4, 5, 6], 3, 0]);
});

test("report-logins sends port 0 in a report that has waited for more than ten seconds", () => {
  const script = `
put(1)
clock[0] = 8
put(2)
clock[0] = 11
print(json.dumps(take()))`;
  expect(outbox(script)).toEqual([0, 2]);
});

test("after a reconnect, report-logins reports each connected phone once, and sends waiting calls and refusals", () => {
  const script = `
put(6, event="challenged")
outbox.put([program.report("accepted", "7", 0, "call")])
program.connections = lambda: opened
opened = {1: "inode1", 2: "inode2", 3: "inode3", 4: "inode4"}
put(1, 2, 3, event="accepted")
outbox.tidy()
opened = {1: "inode1", 3: "inode5", 4: "inode4"}
put(4, event="accepted")
put(5)
print(json.dumps([[one["port"] for one in outbox.snapshot()], take()]))`;
  expect(outbox(script)).toEqual([
    [1, 4],
    [0, 5],
  ]);
});

test("report-logins reads Asterisk's events, forgets dialogs when Asterisk starts, and counts lost events", () => {
  const script = `
import os, threading
reading, writing = os.pipe()
os.write(writing, given.encode())
outbox = program.Outbox()
follow = lambda: program.follow_asterisk({"sipDriver": "chan_sip"}, outbox, reading)
threading.Thread(target=follow, daemon=True).start()
taken = []
while len(taken) < 2:
    taken += outbox.take(1)
print(json.dumps([[one["event"] for _, one in taken], outbox.take_dropped()]))
sys.stdout.flush()
os._exit(0)`;
  const lines = [
    "ChallengeSent 1001 0x7f01 9999 1764423452.000000",
    // 0x7f01 is the address of a dialog in memory. A start ends all dialogs, so 0x7f01 is a new dialog afterwards.
    "started - - 0 1764423452.100000",
    "ChallengeSent 1001 0x7f01 9999 1764423452.200000",
    "lost - - 3 1764423452.300000",
    "InvalidPassword 1001 0x7f01 9999 1764423452.400000",
    "Rejected 1001 - 36846 1764423452.400000",
    "Registered 1002 - 36847 1764423452.500000",
  ];
  expect(python(script, `${lines.join("\n")}\n`)).toEqual([["refused", "accepted"], 3]);
});

test.each(["service", "socket"])("systemd-analyze reports no error in the %s unit", (kind) => {
  const unit = `trunkline-report-logins.${kind}`;
  const folder = join(STATIC, "etc/systemd/system");
  const { stdout, stderr, error } = spawnSync(
    "systemd-analyze",
    ["verify", "--man=no", "--recursive-errors=no", join(folder, unit)],
    { encoding: "utf8" },
  );
  const about = `${stdout}${stderr}`
    .split("\n")
    // The program exists only in the image.
    .filter((line) => line.includes(unit) && !line.includes("is not executable"));
  expect([error, about]).toEqual([undefined, []]);
});
