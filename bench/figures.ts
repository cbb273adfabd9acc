import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { relative } from "node:path";
import { OperatorError } from "../core/errors";
import { command } from "../core/command";
import { ROOT } from "../core/paths";

/** Seconds that `work` takes. */
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

/** The hardware and the Node that the figures were measured with. */
export function host(): string {
  const cores = cpus();
  return (
    `${String(cores.length)} × ${cores[0]?.model ?? "unknown processor"}, ` +
    `${String(Math.round(totalmem() / 2 ** 30))} GiB, ${type()} ${release()}, ` +
    `Node ${process.versions.node}`
  );
}

/** What the figures of Pulumi were measured with. */
export function machine(): string {
  const pulumi = execFileSync("pulumi", ["version"], { encoding: "utf8" }).trim();
  return `${host()}, pulumi ${pulumi}`;
}

/** A table in Markdown. A column that is `---:` is one of figures. */
export function markdownTable(
  head: readonly string[],
  alignment: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return [head, alignment, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Puts `text` between the markers `<!-- name: begin … -->` and `<!-- name: end -->` of a document. */
export async function keep(file: string, name: string, text: string): Promise<void> {
  const document = readFileSync(file, "utf8");
  const between = new RegExp(`(<!-- ${name}: begin[^>]*-->\n)[^]*(<!-- ${name}: end -->)`);
  if (!between.test(document)) {
    throw new OperatorError(
      `${relative(ROOT, file)} has no place for the figures: <!-- ${name}: begin -->`,
    );
  }
  writeFileSync(
    file,
    document.replace(between, (_, begin: string, end: string) => `${begin}\n${text}\n\n${end}`),
  );
  await format(file);
}

/** Lays out a document the way that lint asks for. */
export async function format(file: string): Promise<void> {
  await command("node_modules/.bin/prettier", ["--log-level=warn", "--write", file]);
}
