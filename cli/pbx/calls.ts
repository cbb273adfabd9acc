import { clockTime } from "../../core/duration";
import { type LiveCall, liveCallsOf } from "../../nodes/asterisk/live-calls";
import { paint, table } from "../terminal";
import { QUALITY_HEADS, qualityTexts, verdictOn } from "./call-quality";
import { type Command, inEachZone, printJson } from "./pbx-context";

const HELP = `Shows the calls that are up or ringing, and the quality of each of their legs.

  npm run pbx -- calls

A call across the trunk is listed in both zones. In each zone it has a leg to the phone and a leg to the
trunk.

Options:
  --json         print JSON
  --stack NAME   the stack to use (default: PULUMI_STACK, or dev)
  -h, --help     print this text

Loss and jitter are for the worse direction, as RTCP reports them; the delay is half of the round-trip
time. Asterisk does not measure loss and jitter on the trunk.`;

const HEAD = ["zone", "call", "for", "leg", "codec", ...QUALITY_HEADS];

export const calls: Command = {
  help: HELP,
  operands: ["calls"],
  async run(context) {
    const results = await inEachZone(context, liveCallsOf);
    const found = context.nodes.zones.map(({ name }, index) => ({
      zone: name,
      calls: results[index]?.value ?? null,
      fault: results[index]?.fault ?? null,
    }));
    if (context.json) {
      printJson(found.map((zone) => ({ ...zone, calls: zone.calls?.map(withVerdicts) ?? null })));
      return;
    }
    const rows = found.flatMap(({ zone, calls: known }) =>
      (known ?? []).flatMap((call) => rowsOf(zone, call)),
    );
    console.log(rows.length === 0 ? "no calls" : table(rows, HEAD));
    for (const { fault } of found) if (fault !== null) console.log(paint("doubtful", fault));
  },
};

const withVerdicts = (call: LiveCall) => ({
  ...call,
  legs: call.legs.map((leg) => ({ ...leg, verdict: verdictOn(leg) })),
});

const rowsOf = (zone: string, { from, to, state, seconds, legs }: LiveCall): string[][] =>
  legs.map((leg, index) => [
    ...(index === 0
      ? [zone, `${from} → ${to}${state === "up" ? "" : ", ringing"}`, clockTime(seconds)]
      : ["", "", ""]),
    leg.isTrunk ? `trunk to ${leg.end}` : leg.end,
    leg.codec ?? "–",
    ...qualityTexts(leg),
  ]);
