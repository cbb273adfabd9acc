import { basename } from "node:path";
import { z } from "zod";
import { askAgent, type Session } from "../../ssh/session";

/**
 * Log file with JSON records (logger.conf). Phones and other senders control the text of some messages, including
 * line feeds, but never the source location of a record.
 */
const LOG = "/var/log/asterisk/messages";

/** Selects warnings and errors of Asterisk about a configuration file. */
export interface LogRule {
  /** Name of Asterisk's source file that logs the message, as in a record. */
  readonly source: string;
  /** Functions of the source file that log the message; null for all functions. */
  readonly functions: readonly string[] | null;
  /** The message must end with one of these texts; null for any message. */
  readonly endings: readonly string[] | null;
}

/** Returns the rule for a source file that only reads configuration. */
const reader = (source: string): LogRule => ({ source, functions: null, endings: null });

/** Returns the rule for the functions that read configuration, in a source file that also handles calls. */
const readers = (source: string, ...functions: readonly string[]): LogRule => ({
  source,
  functions,
  endings: null,
});

/**
 * Rules for messages about a configuration file, by its name, in Asterisk 16 and 22. {@link rulesFor} adds the rules
 * for messages of `config.c`.
 */
const READERS: Readonly<Record<string, readonly LogRule[]>> = {
  "modules.conf": [readers("loader.c", "module_load_error", "load_resource")],
  "cdr.conf": [readers("cdr_csv.c", "load_config", "reload")],
  "rtp.conf": [readers("res_rtp_asterisk.c", "rtp_reload")],
  "pjsip.conf": [
    reader("res_sorcery_config.c"),
    // This function also checks contacts of phones. A message about a contact has values that the phone controls, but
    // does not end with the name of a file.
    {
      source: "config_options.c",
      functions: ["aco_process_var"],
      endings: [" of /etc/asterisk/pjsip.conf", " of pjsip.conf"],
    },
    readers("res_pjsip/config_transport.c", "transport_apply"),
  ],
  "sip.conf": [
    readers(
      "chan_sip.c",
      ...["reload_config", "build_peer", "handle_common_options", "handle_t38_options"],
      ...["set_insecure_flags", "proxy_from_config", "sip_parse_nat_option"],
      ...[
        "add_realm_authentication",
        "add_sip_domain",
        "add_peer_mailboxes",
        "display_nat_warning",
      ],
    ),
    reader("sip/config_parser.c"),
  ],
  "iax.conf": [
    readers(
      "chan_iax2.c",
      ...["set_config", "build_peer", "build_user", "peer_set_srcaddr", "check_srcaddr"],
      ...["add_calltoken_ignore", "build_callno_limits"],
    ),
  ],
  "extensions.conf": [reader("pbx_config.c")],
};

/** Returns the rules for the files at `paths`. Files that are not in {@link READERS} have no rules. */
export function rulesFor(paths: readonly string[]): LogRule[] {
  const read = paths.filter((path) => basename(path) in READERS);
  if (read.length === 0) return [];
  return [
    {
      source: "config.c",
      functions: ["process_text_line"],
      endings: read.map((path) => ` of ${path}`),
    },
    readers("config.c", "config_text_file_load"),
    ...read.flatMap((path) => READERS[basename(path)] ?? []),
  ];
}

/** Matches messages about a module that is already loaded, which is not an error. */
const HARMLESS = /already (?:loaded|exists)/i;

const heardSchema = z.object({ messages: z.array(z.string()) });

/** Records where the log ends. {@link loggedErrors} reads from there. @throws NodeError */
export async function watchLog(session: Session): Promise<void> {
  await session.ask({ do: "watch", path: LOG });
}

/** Returns warnings and errors about the files at `paths` since {@link watchLog}, without duplicates. */
export async function loggedErrors(session: Session, paths: readonly string[]): Promise<string[]> {
  const request = { do: "heard", path: LOG, rules: rulesFor(paths) };
  const { messages } = await askAgent(session, request, heardSchema);
  return messages.filter((message) => !HARMLESS.test(message));
}
