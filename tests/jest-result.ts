import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { ROOT } from "../core/paths";

/** The part of the output of `jest --json` that `countOf` reads. */
export interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Number of files that failed outside of their tests. */
  readonly numRuntimeErrorTestSuites: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: "passed" | "failed" | (string & {});
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

export interface Count {
  readonly passed: number;
  readonly failed: number;
  /** One paragraph for each failure. */
  readonly failures: readonly string[];
}

/** Maximum number of lines of a failure's message in the summary. */
const LINES = 12;

/** Returns `title` and, indented, the first `limit` lines of `text` without colours. */
export function paragraph(title: string, text: string, limit = LINES): string {
  const lines = stripVTControlCharacters(text).trim().split("\n");
  return [title, ...lines.slice(0, limit).map((line) => `    ${line}`)].join("\n");
}

/** Returns whether a test was not run, such as a skipped test. Such a test proves nothing, so it counts as failed. */
const wasNotRun = (status: string): boolean => status !== "passed" && status !== "failed";

export function countOf(result: JestResult): Count {
  const all = result.testResults.flatMap(({ assertionResults }) => assertionResults);
  return {
    passed: result.numPassedTests,
    failed:
      result.numFailedTests +
      result.numRuntimeErrorTestSuites +
      all.filter(({ status }) => wasNotRun(status)).length,
    failures: failuresOf(result),
  };
}

function failuresOf({ testResults }: JestResult): string[] {
  return testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(ROOT, name);
    const failed = assertionResults.filter(({ status }) => status !== "passed");
    // Only the message of the file describes a failure outside of its tests.
    const isOutside = message.includes("Test suite failed to run");
    return [
      ...failed.map(({ fullName, status, failureMessages: [first = ""] }) =>
        paragraph(`${file} › ${fullName}`, wasNotRun(status) ? `was not run: ${status}` : first),
      ),
      ...(isOutside ? [paragraph(file, message)] : []),
    ];
  });
}
