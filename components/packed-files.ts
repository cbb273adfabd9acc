import { createHmac } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { NodeConfigInputs } from "../provider/inputs";
import type { NodeFile } from "../templates/node-file";

/** 64 bits: enough to tell versions of a file apart. */
const DIGEST_DIGITS = 16;

/**
 * Files as a NodeConfig takes them: what may be shown, and the contents, which hold secrets, apart
 * from it. The same files make the same bytes at every run, on every machine.
 */
export function packFiles(
  files: readonly NodeFile[],
  digestKey: Buffer,
): Pick<NodeConfigInputs, "files" | "contents"> {
  const digest = (content: string): string =>
    createHmac("sha256", digestKey).update(content).digest("hex").slice(0, DIGEST_DIGITS);
  const contents = Object.fromEntries(files.map(({ path, content }) => [path, content]));
  return {
    files: Object.fromEntries(
      files.map(({ path, content, owner, mode }) => [
        path,
        { owner, mode, digest: digest(content) },
      ]),
    ),
    contents: gzipSync(JSON.stringify(contents)).toString("base64"),
  };
}
