import { basename } from "node:path";
import { z } from "zod";
import { askAgent, type Session } from "../../ssh/session";
import { type LogRule, readers } from "./log-rules";
import { RELOADABLE } from "./reloadable-files";

/**
 * Log file with JSON records (logger.conf). Phones and other senders control the text of some messages, including
 * line feeds, but never the source location of a record.
 */
const LOG = "/var/log/asterisk/messages";

/** Returns the rules for the files at `paths`. Files without rules in {@link RELOADABLE} have none. */
export function rulesFor(paths: readonly string[]): LogRule[] {
  const rulesOf = (path: string): readonly LogRule[] => RELOADABLE[basename(path)]?.logRules ?? [];
  const read = paths.filter((path) => rulesOf(path).length > 0);
  if (read.length === 0) return [];
  return [
    {
      source: "config.c",
      functions: ["process_text_line"],
      endings: read.map((path) => ` of ${path}`),
    },
    readers("config.c", "config_text_file_load"),
    ...read.flatMap(rulesOf),
  ];
}

/** Matches messages that a module is already loaded. Such a message is not an error. */
const HARMLESS = /already (?:loaded|exists)/i;

const heardSchema = z.object({ messages: z.array(z.string()) });

/** Records where the log ends. {@link loggedErrors} reads from there. @throws NodeError */
export async function watchLog(session: Session): Promise<void> {
  await session.ask({ do: "watch", path: LOG });
}

/** Returns warnings and errors about the files at `paths` since {@link watchLog}, each once. @throws NodeError */
export async function loggedErrors(session: Session, paths: readonly string[]): Promise<string[]> {
  const request = { do: "heard", path: LOG, rules: rulesFor(paths) };
  const { messages } = await askAgent(session, request, heardSchema);
  return messages.filter((message) => !HARMLESS.test(message));
}
