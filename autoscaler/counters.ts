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
  /** Sum over the processors of the time that was neither idle nor I/O wait, in ticks. Includes stolen time. */
  readonly busy: number;
  /** `busy` plus the idle time and the I/O wait of all processors, in ticks. */
  readonly ticks: number;
}

/** Mean rates between two reads of the counters; null if unknown. */
export interface Rates {
  readonly bytesPerSecond: number | null;
  /** `busy` as a share of `ticks`, 0 to 1. */
  readonly cpu: number | null;
}

const PROGRAM = readFileSync(join(__dirname, "counters.sh"), "utf8");

/** Reads the counters of a zone. @throws NodeError */
export const readCounters = async (zone: Session): Promise<Counters> =>
  parseCounters(await runProgram(zone, PROGRAM));

/** Indexes of numbers in a line of `/proc/net/dev`, after the name of the interface (proc_pid_net(5)). */
const RECEIVED = 0;
const SENT = 8;
/**
 * Indexes of times in the first line of `/proc/stat`, after `cpu`. The times after `STEAL` are guest times, which are
 * not added, because the times at the indexes 0 and 1 include the guest times.
 */
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

/**
 * Returns the rates between two reads. Both rates are null without an earlier read, or if the zone has rebooted since.
 * A rate is also null if its counter has decreased.
 */
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
