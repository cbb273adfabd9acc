import { basename } from "node:path";
import { type LogRule, reader, readers } from "./log-rules";

export const ASTERISK_FOLDER = "/etc/asterisk/";

/** Contents of files, by path. */
export type Contents = Readonly<Record<string, string>>;

interface AsteriskFile {
  /** What the file configures, for messages about effects on callers; null if a change has no effect on callers. */
  readonly subject: string | null;
  /** Returns the console commands that make Asterisk read the file with this content. */
  readonly reload: (content: string) => readonly string[];
  /**
   * Rules for the messages of Asterisk 16 and 22 about errors in the file. If a file has rules here, `log.ts` adds
   * rules for the messages of `config.c` about the file.
   */
  readonly logRules: readonly LogRule[];
}

/**
 * Files in {@link ASTERISK_FOLDER} that a running Asterisk can reload, by name, in the order of the reloads. The
 * dialplan comes last, because it dials users and trunk peers of the other files. No reload ends a call. Asterisk reads
 * all other files in the folder only when it starts.
 */
export const RELOADABLE: Readonly<Record<string, AsteriskFile>> = {
  "logger.conf": { subject: null, reload: () => ["logger reload"], logRules: [] },
  "modules.conf": {
    subject: "modules",
    // Only loads modules. A module that is no longer needed may be in use by a call, so it stays loaded until the next
    // start of Asterisk.
    reload: (content) =>
      Array.from(content.matchAll(/^load=(\S+)$/gm), ([, module = ""]) => `module load ${module}`),
    logRules: [readers("loader.c", "module_load_error", "load_resource")],
  },
  "cdr.conf": {
    subject: null,
    reload: () => ["module reload cdr", "module reload cdr_csv.so"],
    logRules: [readers("cdr_csv.c", "load_config", "reload")],
  },
  "rtp.conf": {
    subject: "media ports",
    reload: () => ["module reload res_rtp_asterisk.so"],
    logRules: [readers("res_rtp_asterisk.c", "rtp_reload")],
  },
  "users.sql": {
    subject: "users",
    // Asterisk reads a user from the database that `load-users` fills, and caches the user. These commands empty the
    // caches.
    reload: () =>
      ["endpoint", "auth", "aor"].map((type) => `sorcery memory cache expire res_pjsip/${type}`),
    logRules: [],
  },
  "pjsip.conf": {
    subject: "SIP",
    reload: () => ["module reload res_pjsip.so"],
    logRules: [
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
  },
  "sip.conf": {
    subject: "users",
    reload: () => ["sip reload"],
    logRules: [
      readers(
        "chan_sip.c",
        "reload_config",
        "build_peer",
        "handle_common_options",
        "handle_t38_options",
        "set_insecure_flags",
        "proxy_from_config",
        "sip_parse_nat_option",
        "add_realm_authentication",
        "add_sip_domain",
        "add_peer_mailboxes",
        "display_nat_warning",
      ),
      reader("sip/config_parser.c"),
    ],
  },
  "iax.conf": {
    subject: "trunk",
    reload: () => ["iax2 reload"],
    logRules: [
      readers(
        "chan_iax2.c",
        "set_config",
        "build_peer",
        "build_user",
        "peer_set_srcaddr",
        "check_srcaddr",
        "add_calltoken_ignore",
        "build_callno_limits",
      ),
    ],
  },
  "extensions.conf": {
    subject: "dialplan",
    reload: () => ["dialplan reload"],
    logRules: [reader("pbx_config.c")],
  },
};

/** File that tells the image's check which SIP driver Asterisk must have. */
const NODE_JSON = "/etc/trunkline/node.json";

/** Returns whether an edit of at least one of the files at `paths` takes effect only when Asterisk starts. */
export const needsRestart = (paths: readonly string[]): boolean =>
  paths.some(
    (path) =>
      path === NODE_JSON || (path.startsWith(ASTERISK_FOLDER) && !(basename(path) in RELOADABLE)),
  );

/** Returns the console commands that make Asterisk read the files at `paths`, in the order of {@link RELOADABLE}. */
export const reloadCommands = (paths: readonly string[], contents: Contents): string[] =>
  Object.entries(RELOADABLE).flatMap(([name, { reload }]) => {
    const path = ASTERISK_FOLDER + name;
    return paths.includes(path) ? reload(contents[path] ?? "") : [];
  });

/** Returns names of files for a message: `sip.conf, iax.conf`. */
export const fileNames = (paths: readonly string[]): string =>
  paths.map((path) => basename(path)).join(", ");
