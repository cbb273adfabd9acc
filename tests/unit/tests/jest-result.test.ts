import { join } from "node:path";
import { ROOT } from "../../../core/paths";
import { countOf } from "../../jest-result";

const result = (...statuses: readonly string[]) => ({
  numPassedTests: statuses.filter((status) => status === "passed").length,
  numFailedTests: statuses.filter((status) => status === "failed").length,
  numRuntimeErrorTestSuites: 0,
  testResults: [
    {
      name: join(ROOT, "tests", "unit", "a.test.ts"),
      message: "",
      assertionResults: statuses.map((status) => ({
        status,
        fullName: `is ${status}`,
        failureMessages: status === "failed" ? ["\u001b[31mfirst\u001b[39m\nsecond"] : [],
      })),
    },
  ],
});

test("countOf counts passed tests, and reports failed tests", () => {
  expect(countOf(result("passed", "failed", "passed"))).toEqual({
    passed: 2,
    failed: 1,
    failures: ["tests/unit/a.test.ts › is failed\n    first\n    second"],
  });
});

test("countOf counts a test that was not run as failed, because such a test proves nothing", () => {
  expect(countOf(result("passed", "pending", "todo"))).toEqual({
    passed: 1,
    failed: 2,
    failures: [
      "tests/unit/a.test.ts › is pending\n    was not run: pending",
      "tests/unit/a.test.ts › is todo\n    was not run: todo",
    ],
  });
});

test("countOf counts a file that broke outside of its tests as one failure", () => {
  const broken = {
    numPassedTests: 0,
    numFailedTests: 0,
    numRuntimeErrorTestSuites: 1,
    testResults: [
      {
        name: join(ROOT, "tests", "unit", "b.test.ts"),
        message: "  ● Test suite failed to run",
        assertionResults: [],
      },
    ],
  };
  expect(countOf(broken)).toEqual({
    passed: 0,
    failed: 1,
    failures: ["tests/unit/b.test.ts\n    ● Test suite failed to run"],
  });
});
