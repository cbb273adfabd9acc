import { chartSvg, HEIGHT, WIDTH, type Line } from "./chart";
import type { Prices } from "./policy-file";
import type { Point, Replay } from "./replay";

export interface Caption {
  /** Name of the trace. */
  readonly title: string;
  readonly callsPerZone: number;
  /** Null if the prices are unknown. The chart of the cost then shows zone-hours. */
  readonly prices: Prices | null;
}

/** Style for light and dark mode. Its colors remain distinct with a color vision deficiency. */
const STYLE = `
svg { background: #fff; color-scheme: light dark }
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 15px }
.end { text-anchor: end }
.middle { text-anchor: middle }
.sheet { fill: #fff }
.grid { stroke: #8c959f; stroke-opacity: .35; fill: none }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round }
.load { stroke: #8c959f }
.rule0 { stroke: #0072b2; stroke-width: 2.6 }
.rule1 { stroke: #d55e00; stroke-dasharray: 7 3 }
.rule2 { stroke: #cc79a7; stroke-dasharray: 2 3; stroke-width: 2.2 }
.rule3 { stroke: #009e73; stroke-dasharray: 10 3 2 3 }
@media (prefers-color-scheme: dark) {
  svg { background: #0d1117 }
  .sheet { fill: #0d1117 }
  text { fill: #e6edf3 }
  .rule0 { stroke: #56b4e9 }
}`;

/**
 * Returns charts of load, zones and cost under every rule as a self-contained SVG.
 *
 * @param replays results of the rules: `trunkline` first, `fixed-fleet` last. The chart of the load omits the last one.
 */
export function picture(
  replays: readonly Replay[],
  { title, callsPerZone, prices }: Caption,
): string {
  const [ours] = replays;
  const points = ours?.points ?? [];
  const span = [points[0]?.seconds ?? 0, points.at(-1)?.seconds ?? 0] as const;
  const each = (value: (point: Point) => number, steps: boolean): Line[] =>
    replays.map(({ rule, points }, index) => ({
      label: rule,
      style: `rule${String(index)}`,
      points: points.map((point) => [point.seconds, value(point)]),
      steps,
    }));
  const load: Line = {
    label: "calls",
    style: "load",
    points: points.map(({ seconds, calls }) => [seconds, calls]),
    steps: false,
  };
  const capacities = each(({ serving }) => serving * callsPerZone, true).slice(0, -1);
  const cost = ({ seconds, zoneHours }: Point): number =>
    prices === null
      ? zoneHours
      : (prices.controller * (seconds - span[0])) / 3600 + prices.zone * zoneHours;
  const charts = [
    {
      title: `${escaped(title)}: calls, and what zones in service have room for`,
      lines: [...capacities.map((line) => ({ ...line, label: `room: ${line.label}` })), load],
    },
    { title: "Zones that are paid for", lines: each(({ paid }) => paid, true) },
    {
      title: `Cost since the beginning, in ${prices === null ? "zone-hours" : "money, with the controller"}`,
      lines: each(cost, false),
    },
  ];
  const height = String(charts.length * HEIGHT + 8);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(WIDTH)}" height="${height}" viewBox="0 0 ${String(WIDTH)} ${height}">`,
    `<style>${STYLE}\n</style>`,
    `<rect class="sheet" width="100%" height="100%"/>`,
    ...charts.map((chart, index) => chartSvg({ ...chart, span }, index * HEIGHT)),
    "</svg>\n",
  ].join("\n");
}

const escaped = (text: string): string =>
  text.replace(/[&<>]/g, (sign) => `&#${String(sign.charCodeAt(0))};`);
