/** One of several charts in an SVG, which all have the same time axis. */
export interface Chart {
  readonly title: string;
  /** Start and end of the time axis in seconds. */
  readonly span: readonly [from: number, to: number];
  readonly lines: readonly Line[];
}

export interface Line {
  readonly label: string;
  /** CSS class of the line. */
  readonly style: string;
  /** Points in the order of time. */
  readonly points: readonly (readonly [seconds: number, value: number])[];
  /** Whether each value holds until the next point, so that the line is drawn as steps. */
  readonly steps: boolean;
}

/** Width of a chart, its margins, and the height of its plot, in units of the SVG. */
export const WIDTH = 960;
const LEFT = 64;
const RIGHT = 24;
const TOP = 52;
const PLOT = 170;
/** Height of a chart with its title, legend and axis. */
export const HEIGHT = TOP + PLOT + 34;
/** Approximate widths in the legend: of a piece of a line with its margin, and of a letter. */
const DASH = 34;
const LETTER = 7.2;

/** Returns a chart as an SVG element. @param top vertical position of the chart in the SVG. */
export function chartSvg({ title, span, lines }: Chart, top: number): string {
  const [from, to] = span;
  const most = Math.max(...lines.flatMap(({ points }) => points.map(([, value]) => value)));
  const marks = marksUpTo(most);
  const highest = marks.at(-1) ?? 1;
  const x = (seconds: number): number =>
    LEFT + ((seconds - from) / (to - from)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number): number => TOP + PLOT * (1 - value / highest);
  const rules = marks.map(
    (value) =>
      `<path class="grid" d="M${at(LEFT)} ${at(y(value))}H${String(WIDTH - RIGHT)}"/>` +
      `<text class="end" x="${String(LEFT - 8)}" y="${at(y(value) + 4)}">${String(value)}</text>`,
  );
  const hours = hoursOf(span).map(
    (hour) =>
      `<path class="grid" d="M${at(x(hour * 3600))} ${at(TOP + PLOT)}v5"/>` +
      `<text class="middle" x="${at(x(hour * 3600))}" y="${at(TOP + PLOT + 20)}">${clock(hour)}</text>`,
  );
  const paths = lines.map(
    ({ style, points, steps }) =>
      `<path class="line ${style}" d="${pathOf(points, steps, x, y)}"/>`,
  );
  return [
    `<g transform="translate(0 ${String(top)})">`,
    `<text class="title" x="${String(LEFT)}" y="20">${title}</text>`,
    legend(lines),
    ...rules,
    ...hours,
    ...paths,
    "</g>",
  ].join("\n");
}

function legend(lines: readonly Line[]): string {
  let left = LEFT;
  return lines
    .map(({ label, style }) => {
      const entry =
        `<path class="line ${style}" d="M${at(left)} 36h${String(DASH - 10)}"/>` +
        `<text x="${at(left + DASH - 4)}" y="40">${label}</text>`;
      left += DASH + label.length * LETTER + 18;
      return entry;
    })
    .join("\n");
}

function pathOf(
  points: Line["points"],
  steps: boolean,
  x: (seconds: number) => number,
  y: (value: number) => number,
): string {
  // Of consecutive points with the same value, only the first and the last are drawn.
  const drawn = points.filter(
    ([, value], index) => points[index - 1]?.[1] !== value || points[index + 1]?.[1] !== value,
  );
  return drawn
    .map(([seconds, value], index) => {
      const [left, height] = [at(x(seconds)), at(y(value))];
      if (index === 0) return `M${left} ${height}`;
      return steps ? `H${left}V${height}` : `L${left} ${height}`;
    })
    .join("");
}

/** Returns at most five round numbers at equal distances, from 0 to at least `most`. */
function marksUpTo(most: number): readonly number[] {
  const rough = Math.max(most, 1e-9) / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 5, 10].find((factor) => factor * size >= rough) ?? 10);
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Returns the full hours to label on the time axis: for a whole day, every second hour. */
function hoursOf([from, to]: Chart["span"]): readonly number[] {
  const step = [1, 2, 4, 6, 12, 24].find((hours) => (to - from) / 3600 / hours <= 13) ?? 24;
  const first = Math.ceil(from / 3600 / step) * step;
  const count = Math.floor(to / 3600 / step) - first / step;
  return Array.from({ length: count + 1 }, (_, index) => first + index * step);
}

const clock = (hour: number): string => `${String(hour).padStart(2, "0")}:00`;

const at = (position: number): string => String(Number(position.toFixed(1)));
