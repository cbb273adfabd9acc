import { createHmac } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { NodeConfigInputs } from "../provider/inputs";
import type { NodeFile } from "../templates/node-file";

/** Number of hexadecimal digits of a digest. 64 bits are enough to distinguish versions of a file. */
const DIGEST_DIGITS = 16;

/**
 * Packs files for a NodeConfig. Separates the public properties from the contents, which may hold secrets. The result
 * has no times and no names of the machine, so equal files give equal bytes in every run.
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
