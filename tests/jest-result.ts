import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { ROOT } from "../core/paths";

/** What `jest --json` says at its end. */
export interface JestResult {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  /** Files that broke outside of their tests. */
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
  /** A paragraph for each failure. */
  readonly failures: readonly string[];
}

/** Lines of a failure that its summary shows. */
const LINES = 12;

/** `title`, and the beginning of what there is to say of it, without colours. */
export function paragraph(title: string, text: string, limit = LINES): string {
  const lines = stripVTControlCharacters(text).trim().split("\n");
  return [title, ...lines.slice(0, limit).map((line) => `    ${line}`)].join("\n");
}

/** A test that was not run, being skipped or still to be written, has shown nothing: it counts as failed. */
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
    // What broke outside of the tests is told in the file's message alone.
    const isOutside = message.includes("Test suite failed to run");
    return [
      ...failed.map(({ fullName, status, failureMessages: [first = ""] }) =>
        paragraph(`${file} › ${fullName}`, wasNotRun(status) ? `was not run: ${status}` : first),
      ),
      ...(isOutside ? [paragraph(file, message)] : []),
    ];
  });
}
