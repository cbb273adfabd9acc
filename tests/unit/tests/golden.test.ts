import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expectGolden } from "../../support/golden";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-golden-"));
  delete process.env.UPDATE_GOLDEN;
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test("expectGolden shows a difference, and does not change the golden file", () => {
  const file = join(folder, "sip.conf");
  writeFileSync(file, "[general]\nudpbindaddr=127.0.0.1\n");
  expect(() => {
    expectGolden(file, "[general]\nudpbindaddr=0.0.0.0\n");
  }).toThrow(/-.*udpbindaddr=127\.0\.0\.1[^]*\+.*udpbindaddr=0\.0\.0\.0/);
  expect(readFileSync(file, "utf8")).toBe("[general]\nudpbindaddr=127.0.0.1\n");
});

test("expectGolden fails if a golden file is missing, and does not create the file", () => {
  const file = join(folder, "iax.conf");
  expect(() => {
    expectGolden(file, "[general]\n");
  }).toThrow("npm run golden");
  expect(existsSync(file)).toBe(false);
});

test("expectGolden writes the golden file if UPDATE_GOLDEN is 1", () => {
  process.env.UPDATE_GOLDEN = "1";
  const file = join(folder, "zone1", "iax.conf");
  expectGolden(file, "[general]\n");
  expect(readFileSync(file, "utf8")).toBe("[general]\n");
});
