import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";

/**
 * Fails if `actual` differs from the golden file `path`. With `npm run golden`, writes the file instead. So an ordinary
 * test run never changes its own expectations.
 */
export function expectGolden(path: string, actual: string): void {
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, actual);
    return;
  }
  if (!existsSync(path)) {
    throw new Error(
      `${relative(process.cwd(), path)} does not exist; create the file with: npm run golden, and check its text`,
    );
  }
  expect(actual).toBe(readFileSync(path, "utf8"));
}
