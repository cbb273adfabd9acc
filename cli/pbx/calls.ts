import { type LiveCall, liveCallsOf } from "../../nodes/asterisk/live-calls";
import { paint } from "../colour";
import { table } from "../table";
import { type Command, inEachZone, printJson } from "./command";
import { FIGURE_HEADS, figureTexts, verdictOn } from "./quality";
import { durationText } from "./words";

const HELP = `Shows the calls that are up, or ring, and how each leg of them sounds.

  npm run pbx -- calls

A call across the trunk is one of both its zones: each has a leg to its phone and one to the trunk.

Options:
  --json         for a program
  --stack NAME   the stack to look at (dev)
  -h, --help     this text

Lost packets and jitter are those of the worse direction, as RTCP reports them; the delay is half of
the way there and back. Asterisk does not measure loss and jitter on the trunk.`;

const HEAD = ["zone", "call", "for", "leg", "codec", ...FIGURE_HEADS];

export const calls: Command = {
  help: HELP,
  operands: ["calls"],
  async run(desk) {
    const looks = await inEachZone(desk, liveCallsOf);
    const found = desk.nodes.zones.map(({ name }, index) => ({
      zone: name,
      calls: looks[index]?.value ?? null,
      fault: looks[index]?.fault ?? null,
    }));
    if (desk.json) {
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

/** A row for each leg; what they have in common stands in the first. */
const rowsOf = (zone: string, { from, to, state, seconds, legs }: LiveCall): string[][] =>
  legs.map((leg, index) => [
    ...(index === 0
      ? [zone, `${from} → ${to}${state === "up" ? "" : ", ringing"}`, durationText(seconds)]
      : ["", "", ""]),
    leg.isTrunk ? `trunk to ${leg.end}` : leg.end,
    leg.codec ?? "–",
    ...figureTexts(leg),
  ]);
