import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runProgram } from "../ssh/program";
import type { Session } from "../ssh/session";

/** Counters of a zone's kernel since boot. */
export interface Counters {
  /** ID of the boot; changes with every boot. */
  readonly boot: string;
  /** Seconds since boot. */
  readonly uptime: number;
  /** Bytes through all network interfaces except the loopback interface, in both directions. */
  readonly bytes: number;
  /** Time that all processors together were in use, in ticks. */
  readonly busy: number;
  /** Total time of all processors together, in ticks. */
  readonly ticks: number;
}

/** Mean rates between two reads of the counters; null if unknown. */
export interface Rates {
  readonly bytesPerSecond: number | null;
  readonly cpu: number | null;
}

const PROGRAM = readFileSync(join(__dirname, "counters.sh"), "utf8");

/** Reads the counters of a zone. @throws NodeError */
export const readCounters = async (zone: Session): Promise<Counters> =>
  parseCounters(await runProgram(zone, PROGRAM));

/** Columns of a line of `/proc/net/dev` after the name of the interface (proc_pid_net(5)). */
const RECEIVED = 0;
const SENT = 8;
/** Columns of the first line of `/proc/stat`. Columns after `steal` are guest time, which columns 0 and 1 include. */
const IDLE = 3;
const IOWAIT = 4;
const STEAL = 7;

export function parseCounters(output: string): Counters {
  const [cpu = "", boot = "", uptime = "", ...interfaces] = output.trim().split("\n");
  const times = numbers(cpu.replace(/^cpu/, "")).slice(0, STEAL + 1);
  const ticks = sum(times);
  return {
    boot,
    uptime: numbers(uptime)[0] ?? NaN,
    bytes: sum(
      interfaces.flatMap((line) => {
        const [, name, counts = ""] = /^\s*(\S+?):(.*)$/.exec(line) ?? [];
        const columns = numbers(counts);
        return name === undefined || name === "lo"
          ? []
          : [columns[RECEIVED] ?? NaN, columns[SENT] ?? NaN];
      }),
    ),
    busy: ticks - (times[IDLE] ?? NaN) - (times[IOWAIT] ?? NaN),
    ticks,
  };
}

/** Returns the rates between two reads; null if the zone has rebooted in between or a counter has decreased. */
export function ratesBetween(before: Counters | null, now: Counters): Rates {
  if (before?.boot !== now.boot) return { bytesPerSecond: null, cpu: null };
  return {
    bytesPerSecond: rate(now.bytes - before.bytes, now.uptime - before.uptime),
    cpu: rate(now.busy - before.busy, now.ticks - before.ticks),
  };
}

const rate = (difference: number, span: number): number | null =>
  difference >= 0 && span > 0 ? difference / span : null;

const numbers = (text: string): number[] =>
  text
    .trim()
    .split(/\s+/)
    .map((word) => Number(word));

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);
