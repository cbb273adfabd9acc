import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";
import { INTEROP } from "../../calls/support/interop";
import { expected } from "../../calls/support/interop/case";
import { expectGolden } from "../../support/golden";
import { markdownTable } from "../../support/markdown-table";

const PATH = join(ROOT, "docs/interop.md");

const SECTIONS = INTEROP.map(({ title, cases }) => {
  const rows = cases.map((one) => [one.phone, expected(one, "pjsip"), expected(one, "chan_sip")]);
  return `### ${title}\n\n${markdownTable([["The phone…", "PJSIP", "chan_sip"], ...rows])}`;
});

test("the interop cases have distinct descriptions of the phone, and there are at least forty", () => {
  const phones = INTEROP.flatMap(({ cases }) => cases.map(({ phone }) => phone));
  expect(new Set(phones).size).toBe(phones.length);
  expect(phones.length).toBeGreaterThanOrEqual(40);
});

test("docs/interop.md has a row for each interop case of tests/calls", () => {
  const [before = "", after = ""] = readFileSync(PATH, "utf8").split(
    /(?<=<!-- cases: begin .*-->\n)[^]*(?=<!-- cases: end -->)/,
  );
  expect(after).not.toBe("");
  expectGolden(PATH, `${before}\n${SECTIONS.join("\n\n")}\n\n${after}`);
});
