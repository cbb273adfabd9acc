import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { relative } from "node:path";
import { command } from "../core/command";
import { OperatorError } from "../core/errors";
import { ROOT } from "../core/paths";

/** Runs `work` and returns its duration in seconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1] ?? NaN, sorted[Math.floor(middle)] ?? NaN];
  return (low + high) / 2;
}

/** Describes the hardware, the operating system and the Node.js version of this machine. */
export function host(): string {
  const cores = cpus();
  return (
    `${String(cores.length)} × ${cores[0]?.model ?? "unknown processor"}, ` +
    `${String(Math.round(totalmem() / 2 ** 30))} GiB, ${type()} ${release()}, ` +
    `Node ${process.versions.node}`
  );
}

/** Describes this machine and its version of Pulumi. */
export function machine(): string {
  const pulumi = execFileSync("pulumi", ["version"], { encoding: "utf8" }).trim();
  return `${host()}, pulumi ${pulumi}`;
}

/** Formats a table in Markdown. `alignment` is the delimiter row: `---`, or `---:` for a column of numbers. */
export function formatTable(
  head: readonly string[],
  alignment: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return [head, alignment, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/**
 * Replaces the text between `<!-- name: begin … -->` and `<!-- name: end -->` in a document, and formats the document.
 *
 * @throws OperatorError if the document does not have both markers.
 */
export async function keep(file: string, name: string, text: string): Promise<void> {
  const document = readFileSync(file, "utf8");
  const between = new RegExp(`(<!-- ${name}: begin[^>]*-->\n)[^]*(<!-- ${name}: end -->)`);
  if (!between.test(document)) {
    throw new OperatorError(
      `${relative(ROOT, file)} has no markers <!-- ${name}: begin --> and <!-- ${name}: end -->`,
    );
  }
  writeFileSync(
    file,
    document.replace(between, (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`),
  );
  await format(file);
}

/** Formats a document with Prettier. `npm run lint` checks the format. */
export async function format(file: string): Promise<void> {
  await command("node_modules/.bin/prettier", ["--log-level=warn", "--write", file]);
}
