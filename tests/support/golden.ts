import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";

/**
 * Compares `actual` with the golden file `path` and shows how they differ. The file is written on
 * an explicit command alone (`npm run golden`): a test never changes what it expects.
 */
export function expectGolden(path: string, actual: string): void {
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, actual);
    return;
  }
  if (!existsSync(path)) {
    throw new Error(
      `${relative(process.cwd(), path)} does not exist; look at what is rendered, then write it with: npm run golden`,
    );
  }
  expect(actual).toBe(readFileSync(path, "utf8"));
}
