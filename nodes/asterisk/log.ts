import { basename } from "node:path";
import { z } from "zod";
import { askAgent, type Session } from "../../ssh/session";

/**
 * A file of JSON records (logger.conf): phones and strangers decide what some messages say, also with line
 * feeds in them, but never the source location of a record.
 */
const LOG = "/var/log/asterisk/messages";

/** Warnings and errors of Asterisk that are about a configuration file it has read. */
export interface LogRule {
  /** Source file of Asterisk, as a record names it. */
  readonly source: string;
  /** Its functions; null for all. */
  readonly functions: readonly string[] | null;
  /** Of the message, one of which it has; null for any message. */
  readonly endings: readonly string[] | null;
}

/** A source file that does nothing but read configuration. */
const reader = (source: string): LogRule => ({ source, functions: null, endings: null });

/** Functions that read configuration, of a source file that handles calls as well. */
const readers = (source: string, ...functions: readonly string[]): LogRule => ({
  source,
  functions,
  endings: null,
});

/** What speaks of a file besides `config.c`, by the name of the file, of Asterisk 16 and 22. */
const READERS: Readonly<Record<string, readonly LogRule[]>> = {
  "modules.conf": [readers("loader.c", "module_load_error", "load_resource")],
  "cdr.conf": [readers("cdr_csv.c", "load_config", "reload")],
  "rtp.conf": [readers("res_rtp_asterisk.c", "rtp_reload")],
  "pjsip.conf": [
    reader("res_sorcery_config.c"),
    // It checks contacts of phones as well, and then tells their values, but of no file.
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

/** The rules for files that Asterisk reads again: none for a file that it does not read. */
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

/** A module that is there already stays. */
const HARMLESS = /already (?:loaded|exists)/i;

const heardSchema = z.object({ messages: z.array(z.string()) });

/** Marks the end of the log. */
export async function watchLog(session: Session): Promise<void> {
  await session.ask({ do: "watch", path: LOG });
}

/** Complaints about the files at `paths` since the log was watched, each once. */
export async function loggedErrors(session: Session, paths: readonly string[]): Promise<string[]> {
  const request = { do: "heard", path: LOG, rules: rulesFor(paths) };
  const { messages } = await askAgent(session, request, heardSchema);
  return messages.filter((message) => !HARMLESS.test(message));
}
