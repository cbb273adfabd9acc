import { createHash } from "node:crypto";
import { basename } from "node:path";
import { install, restore, type WantedFile } from "./node-files";
import { NodeError, type Session } from "./session";
import type { Voice } from "./voice";

/** Contents of a zone's files by path. */
type Contents = Readonly<Record<string, string>>;

const FOLDER = "/etc/asterisk/";
const LOG = "/var/log/asterisk/messages";
/** How long a reload that Asterisk does in the background may take, in seconds. */
const DEADLINE = 30;

/**
 * What makes Asterisk read a file again, in the order of doing: what a dialplan dials has to be there
 * first. Files that are not listed are read at its next start. No reload ends a call.
 */
const RELOADS: Readonly<Record<string, (content: string) => string[]>> = {
  // Modules that are loaded already say so, and stay. One that is needed no more stays until the next
  // start: a call may be using it.
  "modules.conf": (content) =>
    Array.from(content.matchAll(/^load=(\S+)$/gm), ([, module = ""]) => `module load ${module}`),
  "logger.conf": () => ["logger reload"],
  "cdr.conf": () => ["cdr reload", "module reload cdr_csv.so"],
  "rtp.conf": () => ["module reload res_rtp_asterisk.so"],
  "pjsip.conf": () => ["module reload res_pjsip.so"],
  "sip.conf": () => ["sip reload"],
  "iax.conf": () => ["iax2 reload"],
  "extensions.conf": () => ["dialplan reload"],
};

/** Says at the server's start which driver Asterisk is to have. */
const NODE_JSON = "/etc/trunkline/node.json";

/** Whether a running Asterisk would not notice that these files are others. */
const needsRestart = (paths: readonly string[]): boolean =>
  paths.some(
    (path) => path === NODE_JSON || (path.startsWith(FOLDER) && !(basename(path) in RELOADS)),
  );

const commandsFor = (changed: readonly string[], contents: Contents): string[] =>
  Object.entries(RELOADS).flatMap(([name, commands]) => {
    const path = FOLDER + name;
    return changed.includes(path) ? commands(contents[path] ?? "") : [];
  });

/** Names of the sections of a file that are made from the template `template`. */
const sections = (content: string, template: string): string[] =>
  Array.from(content.matchAll(/^\[([^\]]+)\]\((.+)\)$/gm))
    .filter(([, , from]) => from === template)
    .map(([, name = ""]) => name);

/** What a list is known by, however long it is: its size and the checksum of its sorted lines. */
function listing(names: readonly string[]): string {
  const text = [...names]
    .sort()
    .map((name) => `${name}\n`)
    .join("");
  return `${String(names.length)} ${createHash("sha256").update(text).digest("hex")}`;
}

/** The same of what a command prints, a name on each line. Ten thousand of them stay on the node. */
const LISTING = `listing() { LC_ALL=C sort -u >"$list"; echo "$(wc -l <"$list") $(sha256sum <"$list" | cut -c1-64)"; }`;

const PJSIP_USERS = `asterisk -rx 'pjsip list endpoints' | sed -n 's|^ *Endpoint: *\\([0-9][0-9]*\\)[/ ].*|\\1|p'`;

/**
 * chan_pjsip keeps what a phone has registered when its user is gone: it would count again if the user
 * came back. (chan_sip forgets it by itself.)
 */
const FORGET_REMOVED_USERS = `
users=$(mktemp); trap 'rm -f "$users"' EXIT
${PJSIP_USERS} >"$users"
asterisk -rx 'database show registrar' |
  sed -n 's|^/registrar/contact/\\(\\([0-9]*\\);@[^ :]*\\).*|\\2 \\1|p' |
  awk 'NR == FNR { known[$1]; next } !($1 in known) { print $2 }' "$users" - |
  while read -r contact; do asterisk -rx "database del registrar contact/$contact" >/dev/null; done`;

interface ReadBack {
  /** What is read, as an operator calls it. */
  readonly what: string;
  /** Prints the names that Asterisk has. */
  readonly command: string;
  /** Template that the sections of these names are made from. */
  readonly template: string;
}

/** What Asterisk has to say of itself once it has read a file. */
const READ_BACKS: Readonly<Record<string, ReadBack>> = {
  "pjsip.conf": { what: "users", command: PJSIP_USERS, template: "user" },
  "sip.conf": {
    what: "users",
    command: `asterisk -rx 'sip show peers' | sed -n '/ sip peers \\[/d; s|^\\([0-9][0-9]*\\)[/ ].*|\\1|p'`,
    template: "user",
  },
  "iax.conf": {
    what: "trunk peers",
    command: `asterisk -rx 'iax2 show peers' | sed -n 's|^\\(zone[0-9]*\\)[/ ].*|\\1|p'`,
    template: "zone",
  },
};

const readBacks = (contents: Contents): (ReadBack & { readonly expected: readonly string[] })[] =>
  Object.entries(READ_BACKS).flatMap(([name, readBack]) => {
    const content = contents[FOLDER + name];
    return content === undefined
      ? []
      : [{ ...readBack, expected: sections(content, readBack.template) }];
  });

/** The lines of the dialplan, as `dialplan show` prints applications: `Dial(IAX2/zone2/${EXTEN},60)`. */
function applications(contents: Contents): string[] {
  const dialplan = contents[`${FOLDER}extensions.conf`] ?? "";
  return Array.from(dialplan.matchAll(/^ *(?:exten|same) *=> *.*?\b(Dial\(.+\))$/gm)).map(
    ([, application = ""]) => application,
  );
}

/** A complaint in Asterisk's log: `[…] ERROR[12]: config_options.c:720 aco_process_var: words`. */
const COMPLAINT = /\] (?:ERROR|WARNING)\[\d+\](?:\[[^\]]*\])? (\S+\.c): (.*)$/;
/** Parts of Asterisk that do nothing but read configuration. */
const READERS =
  /^(?:.*\/)?(?:config\w*|sorcery|res_sorcery_config|pjsip_configuration|location|pbx_config|loader)\.c$/;
/** Of a part that does more, only words of this kind are about a file: calls go on meanwhile. */
const ABOUT_FILE = /\.conf\b|\bline \d+/;
/** A module that is there already stays. */
const HARMLESS = /already (?:loaded|exists)/i;

/** Lines of Asterisk's log that say that a file was not read as it stands. */
export function complaints(log: string): string[] {
  return log.split("\n").flatMap((line) => {
    const [, part = "", words = ""] = COMPLAINT.exec(line) ?? [];
    const isAboutFile = READERS.test(part) || ABOUT_FILE.test(words);
    return isAboutFile && !HARMLESS.test(words) ? [words] : [];
  });
}

/**
 * Has a running Asterisk read files again, and tell what it made of them.
 *
 * @param commands of its console.
 * @param contents of the files that it is asked about.
 * @returns what Asterisk did not take; empty when all is as it should be.
 */
async function readAgain(
  session: Session,
  commands: readonly string[],
  contents: Contents,
): Promise<string[]> {
  const asked = readBacks(contents);
  const dials = applications(contents);
  const script = [
    LISTING,
    `list=$(mktemp); trap 'rm -f "$list"' EXIT`,
    `size=$(stat -c %s ${LOG} 2>/dev/null || echo 0)`,
    ...commands.map((command) => `asterisk -rx '${command}' >/dev/null || exit 1`),
    // chan_sip reads its file in the background: asked again until it is as it should be.
    ...asked.map(
      ({ command, expected }) =>
        `end=$(( $(date +%s) + ${String(DEADLINE)} )); while :; do got=$(${command} | listing); ` +
        `[ "$got" != '${listing(expected)}' ] && [ $(date +%s) -lt $end ] || break; sleep 0.2; done; echo "$got"`,
    ),
    ...(dials.length === 0 ? [] : ["asterisk -rx 'dialplan show'"]),
    "echo '=== log'",
    `tail -c +$((size + 1)) ${LOG} 2>/dev/null || true`,
  ].join("\n");
  const output = await session.run(script);
  const [answers = "", log = ""] = output.split("=== log\n");
  const lines = answers.split("\n");

  const faults = complaints(log);
  for (const [index, { what, expected }] of asked.entries()) {
    const got = lines[index] ?? "";
    if (got !== listing(expected)) {
      const count = got.split(" ")[0] ?? "0";
      faults.push(
        `it has ${count} ${what}, other than the ${String(expected.length)} it was given`,
      );
    }
  }
  const dialplan = lines.slice(asked.length).join("\n");
  for (const application of dials) {
    if (!dialplan.includes(application)) faults.push(`its dialplan has no ${application}`);
  }
  return faults;
}

const contentsOf = (files: Readonly<Record<string, WantedFile>>): Contents =>
  Object.fromEntries(Object.entries(files).map(([path, { content }]) => [path, content]));

/** What an operator is told of files. */
const names = (paths: readonly string[]): string => paths.map((path) => basename(path)).join(", ");

/**
 * Puts files of a zone that is in service into place, and has Asterisk read them: no reload ends a
 * call. What Asterisk does not take is taken back.
 *
 * @param before what the zone's files held so far.
 * @throws NodeError saying what Asterisk did not take; the former files are in service again then.
 */
export async function editAsterisk(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  before: Contents,
  voice: Voice,
): Promise<void> {
  // All of them, and not only those that were others: an earlier run may have been killed in between.
  const paths = Object.keys(files);
  const contents = contentsOf(files);
  const { changed } = await install(session, files);
  voice.say(`Asterisk reads ${names(paths)}`);
  const faults = await readAgain(session, commandsFor(paths, contents), contents);
  if (faults.length > 0) {
    if (changed.length > 0) {
      await restore(session);
      await readAgain(session, commandsFor(changed, contents), {});
    }
    throw new NodeError(
      session.node,
      `Asterisk does not take ${names(changed)}: ${faults.join("; ")}. The former files are in service again`,
    );
  }
  const isRemoved = ([path, content]: [string, string]): boolean => {
    const left = new Set(sections(content, "user"));
    return !sections(before[path] ?? "", "user").every((user) => left.has(user));
  };
  if (Object.entries(contents).some(isRemoved)) await session.run(FORGET_REMOVED_USERS);
  if (needsRestart(changed)) {
    voice.tell(`${session.node}: ${names(changed)} will count from Asterisk's next start on`);
  }
}

/** Started again, a server's Asterisk is checked for the driver that it is to have. */
const RESTART =
  "rm -f /run/trunkline/fault && systemctl restart trunkline-preflight.service asterisk.service";

/**
 * Asterisk's console answers before all of its modules do. It is started where it is not: an earlier run
 * may have been killed before it could do so.
 */
const FULLY_BOOTED = `
[ -S /run/asterisk/asterisk.ctl ] || systemctl start asterisk.service 2>/dev/null || true
end=$(( $(date +%s) + 120 ))
until asterisk -rx 'core waitfullybooted' >/dev/null 2>&1; do
  if [ -e /run/trunkline/fault ]; then cat /run/trunkline/fault >&2; exit 1; fi
  [ $(date +%s) -lt $end ] || { echo 'Asterisk does not start; see journalctl -u asterisk there' >&2; exit 1; }
  sleep 0.5
done`;

/**
 * Sees to it that a new server's Asterisk serves with these files. It has booted with the same ones, or
 * with those that its predecessor booted with; nobody has called it yet, so that it may be restarted.
 *
 * @param files all of the zone's.
 * @throws NodeError saying what Asterisk did not take.
 */
export async function furnishAsterisk(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  voice: Voice,
): Promise<void> {
  const contents = contentsOf(files);
  const { changed } = await install(session, files);
  if (needsRestart(changed)) {
    voice.say("restarting Asterisk");
    await session.run(RESTART);
  }
  voice.say("waiting for Asterisk");
  await session.run(FULLY_BOOTED);
  const faults = await readAgain(session, commandsFor(changed, contents), contents);
  if (faults.length > 0) {
    throw new NodeError(session.node, `Asterisk does not take its files: ${faults.join("; ")}`);
  }
}
