import { OperatorError } from "../core/errors";

export interface Load {
  readonly calls: number;
  readonly bytesPerSecond: number;
}

export interface TraceRow extends Load {
  /** Seconds since midnight of the simulated day. */
  readonly seconds: number;
}

/** Load over time: at least two rows, the earliest first. */
export type Trace = readonly [TraceRow, TraceRow, ...TraceRow[]];

const HEADER = "seconds,calls,bytesPerSecond";
const NUMBER = /^[0-9]+(\.[0-9]+)?$/;
/** Byte order mark, which some spreadsheets write at the start of a CSV file. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/** Reads a trace from CSV. @throws OperatorError that names `file` and the invalid line. */
export function parseTrace(text: string, file: string): Trace {
  const [header, ...lines] = text
    .replace(BYTE_ORDER_MARK, "")
    .split(/\r?\n/)
    .map((line) => line.trim());
  const fault = (line: number, message: string) =>
    new OperatorError(`${file}:${String(line)} ${message}`);
  if (header !== HEADER) {
    throw fault(1, `is not the header; use ${HEADER}`);
  }
  while (lines.at(-1) === "") lines.pop();
  const rows: TraceRow[] = [];
  for (const [index, line] of lines.entries()) {
    const cells = line.split(",");
    if (cells.length !== 3 || !cells.every((cell) => NUMBER.test(cell))) {
      throw fault(index + 2, `is not three numbers; use a line such as 43200,120,5100000`);
    }
    const [seconds = 0, calls = 0, bytesPerSecond = 0] = cells.map(Number);
    if (seconds <= (rows.at(-1)?.seconds ?? -1)) {
      throw fault(index + 2, "is not later than the line before; sort the lines by seconds");
    }
    rows.push({ seconds, calls, bytesPerSecond });
  }
  const [first, second, ...rest] = rows;
  if (first === undefined || second === undefined) {
    throw fault(lines.length + 1, "ends the file too early; a trace has two or more lines of load");
  }
  return [first, second, ...rest];
}

/** Yields the load of each second, from the first row to just before the last. Interpolates linearly between rows. */
export function* secondsOf(trace: Trace): Generator<TraceRow> {
  for (const [index, row] of trace.slice(1).entries()) {
    const before = trace[index] ?? row;
    for (let seconds = Math.ceil(before.seconds); seconds < row.seconds; seconds++) {
      const share = (seconds - before.seconds) / (row.seconds - before.seconds);
      const at = (metric: keyof Load): number =>
        before[metric] + share * (row[metric] - before[metric]);
      yield { seconds, calls: Math.round(at("calls")), bytesPerSecond: at("bytesPerSecond") };
    }
  }
}
