import type { PersonalityFile } from "./cloud-state";
import { badRequest, overLimit, unexpected } from "./faults";
import { isJson } from "./json";

const MOST_FILES = 5;
/** Maximum number of Base64 characters of a file, which encode 7,680 bytes. */
const MOST_CONTENTS = 10_240;
const KEYS = new Set(["path", "contents", "owner", "group", "mode"]);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
/** Default owner, group and mode of a file. */
const DEFAULT = { owner: "root", group: "root", mode: 0o440 };

/** Returns the files to put into the image of a new server. */
export function parsePersonality(wanted: unknown): readonly PersonalityFile[] {
  if (wanted === undefined) return [];
  if (!Array.isArray(wanted)) throw badRequest("Malformed request");
  if (wanted.length > MOST_FILES) throw overLimit("Maximum number of personalities exceeded");
  return wanted.map(parseFile);
}

function parseFile(file: unknown): PersonalityFile {
  if (!isJson(file) || Object.keys(file).some((key) => !KEYS.has(key))) {
    throw badRequest("Malformed personality in request");
  }
  const { path, contents, owner, group, mode } = file;
  if (typeof contents !== "string") throw unexpected();
  if (contents.length > MOST_CONTENTS) throw overLimit("Maximum size of personality exceeded");
  if (!BASE64.test(contents)) throw badRequest("Malformed personality in request");
  return {
    path: typeof path === "string" ? path : "",
    content: Buffer.from(contents, "base64"),
    owner: typeof owner === "string" ? owner : DEFAULT.owner,
    group: typeof group === "string" ? group : DEFAULT.group,
    // Synnefo also accepts a mode as text, but does not convert it to a number. Such a file gets the default mode here.
    mode: typeof mode === "number" ? mode : DEFAULT.mode,
  };
}
