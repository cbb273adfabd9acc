import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { NodeError } from "../../core/errors";
import { activityOf, registrarKeys } from "./activity";
import { asterisk, NotRunning, untilAsteriskServes } from "./console";
import { complaintsAbout, watchLog } from "./log";
import { asteriskProgram } from "./program";
import { Deadline } from "../../core/deadline";
import { install, restore, type WantedFile } from "../files";
import { NodeUnchanged, ScriptFailed, type Session } from "../../ssh/session";
import type { Logger } from "../../core/logger";

/** Contents of a zone's files by path. */
type Contents = Readonly<Record<string, string>>;

const FOLDER = "/etc/asterisk/";
/** Says in what form Asterisk logs. */
const LOGGER_CONF = "logger.conf";
const isLoggerConf = (path: string): boolean => path === FOLDER + LOGGER_CONF;
const USERS = `${FOLDER}users.sql`;
/** How long a reload may take, of ten thousand users on an emulated processor, in seconds. */
const RELOAD_DEADLINE = 180;
/** How long what Asterisk does in the background after it may take, in milliseconds. */
const DEADLINE = 30_000;
const INTERVAL = 200;
/** Users that are asked for one by one. To list thousands takes Asterisk longer than to read them. */
const FEW = 20;

/** A few of `many`: the first one, the last one, and others evenly between. */
const sampleOf = (many: readonly string[]): readonly string[] => {
  const step = Math.max(1, (many.length - 1) / (FEW - 1));
  return Array.from(
    { length: Math.min(FEW, many.length) },
    (_, index) => many[Math.round(index * step)] ?? "",
  );
};

/**
 * What makes Asterisk read a file again, in the order of doing: what a dialplan dials has to be there
 * first. Files that are not listed are read at its next start. No reload ends a call.
 */
const RELOADS: Readonly<Record<string, (content: string) => string[]>> = {
  [LOGGER_CONF]: () => ["logger reload"],
  // Modules that are loaded already say so, and stay. One that is needed no more stays until the next
  // start: a call may be using it.
  "modules.conf": (content) =>
    Array.from(content.matchAll(/^load=(\S+)$/gm), ([, module = ""]) => `module load ${module}`),
  "cdr.conf": () => ["module reload cdr", "module reload cdr_csv.so"],
  "rtp.conf": () => ["module reload res_rtp_asterisk.so"],
  // Loaded by the node itself. Asterisk looks each user up when it has to do with him, and is to look anew.
  "users.sql": () =>
    ["endpoint", "auth", "aor"].map((type) => `sorcery memory cache expire res_pjsip/${type}`),
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

/** Brings the users of chan_pjsip from their file to where Asterisk looks them up, or says what is wrong. */
const LOAD_USERS = "/usr/lib/trunkline/load-users";

/** What a file has of each of its subjects: all text, by their names. */
type Subjects = ReadonlyMap<string, string>;

/** The sections of a file of Asterisk's that are made from the template `template`. */
const sections =
  (template: string) =>
  (content: string): Subjects => {
    const texts = new Map<string, string>();
    const wanted = new Set<string>();
    let name = "";
    for (const line of content.split("\n")) {
      const [, header, from] = /^\[([^\]]+)\](?:\((.+)\))?$/.exec(line) ?? [];
      name = header ?? name;
      if (from === template) wanted.add(name);
      texts.set(name, `${texts.get(name) ?? ""}${line}\n`);
    }
    return new Map([...texts].filter(([section]) => wanted.has(section)));
  };

/** The rows of users.sql, each of a user: `('1001', 'Alice', '…'),`. */
const rows = (content: string): Subjects =>
  new Map(
    Array.from(content.matchAll(/^(\('(\d+)', .*\))[,;]$/gm), ([, row = "", user = ""]) => [
      user,
      row,
    ]),
  );

/** What Asterisk has to say of itself once it has read a file. */
interface ReadBack {
  /** What is read, as an operator calls it. */
  readonly what: "users" | "trunk peers";
  readonly subjects: (content: string) => Subjects;
  /** Lists all of them; absent where all are there as soon as one is. */
  readonly all?: { readonly command: string; readonly name: RegExp };
  /** Shows one of them. */
  readonly one?: { readonly command: string; readonly none: RegExp };
}

const READ_BACKS: Readonly<Record<string, ReadBack>> = {
  "users.sql": {
    what: "users",
    subjects: rows,
    one: { command: "pjsip show endpoint", none: /^Unable to find object/m },
  },
  "sip.conf": {
    what: "users",
    subjects: sections("user"),
    all: { command: "sip show peers", name: /^(\d+)[/ ](?!sip peers)/gm },
    one: { command: "sip show peer", none: /^Peer \S+ not found/m },
  },
  "iax.conf": {
    what: "trunk peers",
    subjects: sections("zone"),
    all: { command: "iax2 show peers", name: /^(zone\d+)[/ ]/gm },
  },
};

/** The users in the file at `path`, which may be about something else. */
function usersOf(path: string, content: string): Subjects {
  const readBack = READ_BACKS[basename(path)];
  return readBack?.what === "users" ? readBack.subjects(content) : new Map();
}

/** What Asterisk has of `content` other than it should; null when all is well. */
async function mismatch(
  session: Session,
  { what, subjects, all, one }: ReadBack,
  content: string,
  before: string | undefined,
): Promise<string | null> {
  const expected = subjects(content);
  const former = before === undefined ? null : subjects(before);
  const edited = [...new Set([...expected.keys(), ...(former?.keys() ?? [])])].filter(
    (subject) => expected.get(subject) !== former?.get(subject),
  );
  const isFew = former !== null && edited.length > 0 && edited.length <= FEW;
  if (one !== undefined && (isFew || all === undefined)) {
    const asked = sampleOf(edited.length > 0 ? edited : [...expected.keys()]);
    const answers = await asterisk(
      session,
      asked.map((subject) => `${one.command} ${subject}`),
    );
    const wrong = asked.filter(
      (subject, index) => one.none.test(answers[index] ?? "") === expected.has(subject),
    );
    return wrong.length === 0 ? null : `it is not right about ${what} ${wrong.join(", ")}`;
  }
  if (all === undefined) return null;
  const [listed = ""] = await asterisk(session, [all.command], RELOAD_DEADLINE);
  const got = new Set(Array.from(listed.matchAll(all.name), ([, found = ""]) => found));
  return got.size === expected.size && [...expected.keys()].every((subject) => got.has(subject))
    ? null
    : `it has ${String(got.size)} ${what}, other than the ${String(expected.size)} it was given`;
}

/**
 * The same, once Asterisk has had its time: chan_sip reads its file in the background.
 *
 * @param isRefused whether Asterisk has said that it does not take a file: then waiting does not help.
 */
async function lastingMismatch(
  isRefused: () => Promise<boolean>,
  ...args: Parameters<typeof mismatch>
): Promise<string | null> {
  const deadline = new Deadline(DEADLINE);
  for (;;) {
    const fault = await mismatch(...args);
    if (fault === null || deadline.isOver || (await isRefused())) return fault;
    await sleep(INTERVAL);
  }
}

/**
 * chan_pjsip keeps what a phone has registered when its user is gone: it would count again if the user
 * came back. (chan_sip forgets it by itself.)
 */
async function forget(session: Session, users: ReadonlySet<string>): Promise<void> {
  const [registrar = ""] = await asterisk(session, ["database show registrar"]);
  await asterisk(
    session,
    registrarKeys(registrar, users).map((key) => `database del registrar contact/${key}`),
  );
}

/** The lines of the dialplan, as `dialplan show` prints applications: `Dial(IAX2/zone2/${EXTEN},60)`. */
function applications(contents: Contents): string[] {
  const dialplan = contents[`${FOLDER}extensions.conf`] ?? "";
  return Array.from(dialplan.matchAll(/^ *(?:exten|same) *=> *.*?\b(Dial\(.+\))$/gm)).map(
    ([, application = ""]) => application,
  );
}

/**
 * Has a running Asterisk read the files at `paths` again.
 *
 * @returns what could not be read, or null. Asterisk itself says nothing of that: see its log.
 */
async function reload(
  session: Session,
  paths: readonly string[],
  contents: Contents,
): Promise<string | null> {
  if (paths.includes(USERS)) {
    try {
      await session.run(LOAD_USERS);
    } catch (error) {
      if (!(error instanceof ScriptFailed)) throw error;
      return error.fault;
    }
  }
  await asterisk(session, commandsFor(paths, contents), RELOAD_DEADLINE);
  return null;
}

/**
 * The same, and has it tell what it made of them.
 *
 * @param before what the files held so far; without it, everything is looked at.
 * @returns what Asterisk did not take; empty when all is as it should be.
 */
async function readAgain(
  session: Session,
  paths: readonly string[],
  contents: Contents,
  before: Contents = {},
): Promise<string[]> {
  // The log is believed only from the record on that is written as logger.conf has it now.
  const [log, others] = [paths.filter(isLoggerConf), paths.filter((path) => !isLoggerConf(path))];
  await reload(session, log, contents);
  await watchLog(session);
  const complaints = (): Promise<string[]> => complaintsAbout(session, others);
  const isRefused = async (): Promise<boolean> => (await complaints()).length > 0;
  const unread = await reload(session, others, contents);
  if (unread !== null) return [unread];
  const mismatches = await Promise.all(
    Object.entries(READ_BACKS).flatMap(([name, readBack]) => {
      const content = contents[FOLDER + name];
      return content === undefined
        ? []
        : [lastingMismatch(isRefused, session, readBack, content, before[FOLDER + name])];
    }),
  );
  const dials = applications(contents);
  const [dialplan = ""] = dials.length === 0 ? [] : await asterisk(session, ["dialplan show"]);
  return [
    ...(await complaints()),
    ...mismatches.filter((fault) => fault !== null),
    ...dials
      .filter((application) => !dialplan.includes(application))
      .map((application) => `its dialplan has no ${application}`),
  ];
}

const contentsOf = (files: Readonly<Record<string, WantedFile>>): Contents =>
  Object.fromEntries(Object.entries(files).map(([path, { content }]) => [path, content]));

/** What an operator is told of files. */
const names = (paths: readonly string[]): string => paths.map((path) => basename(path)).join(", ");

/**
 * Takes an installation back, of which Asterisk may have read something.
 *
 * @returns whether the former files are in service again for sure.
 */
async function takeBack(
  session: Session,
  changed: readonly string[],
  contents: Contents,
): Promise<boolean> {
  try {
    await restore(session);
    return (await reload(session, changed, contents)) === null;
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    // One that does not run reads them when it starts.
    return error instanceof NotRunning;
  }
}

/**
 * Puts files of a zone that is in service into place, and has Asterisk read them: no reload ends a
 * call. What Asterisk does not take is taken back.
 *
 * @param before what the zone's files held so far.
 * @throws NodeError saying what Asterisk did not take; {@link NodeUnchanged} where the former files are in
 * service again.
 */
export async function editAsterisk(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  before: Contents,
  log: Logger,
): Promise<void> {
  // All of them, and not only those that were others: an earlier run may have been killed in between.
  const paths = Object.keys(files);
  const contents = contentsOf(files);
  const { changed } = await install(session, files);
  log.status(`Asterisk reads ${names(paths)}`);
  const fault = await readAgain(session, paths, contents, before).then(
    (faults) =>
      faults.length === 0 ? null : `Asterisk does not take ${names(paths)}: ${faults.join("; ")}`,
    (error: unknown) => {
      if (!(error instanceof NodeError)) throw error;
      return error.fault;
    },
  );
  if (fault !== null) {
    // Where an earlier run has put them there, nobody knows what was there before.
    if (changed.length > 0 && (await takeBack(session, changed, contents))) {
      throw new NodeUnchanged(session.node, `${fault}. The former files are in service again`);
    }
    throw new NodeError(session.node, fault);
  }
  const removed = Object.entries(contents).flatMap(([path, content]) => {
    const left = usersOf(path, content);
    return [...usersOf(path, before[path] ?? "").keys()].filter((user) => !left.has(user));
  });
  if (removed.length > 0) await forget(session, new Set(removed));
  if (needsRestart(changed)) {
    log.info(`${session.node}: ${names(changed)} will count from Asterisk's next start on`);
  }
}

/**
 * Starts a new server's Asterisk again. Where the predecessor was lost, HAProxy has let phones in as soon
 * as it answered SIP.
 */
async function restart(session: Session, paths: readonly string[], log: Logger): Promise<void> {
  const { channels } = await activityOf(session);
  if (channels > 0) {
    throw new NodeError(
      session.node,
      `Asterisk has to be started again for ${names(paths)}, and there are calls; ` +
        "run the same command again when they have ended",
    );
  }
  log.status("restarting Asterisk");
  await asteriskProgram(session, "restart");
}

/**
 * Sees to it that a new server's Asterisk serves with these files. It has booted with the same ones, or
 * with those that its predecessor booted with; as long as nobody has a call there, it may be restarted.
 *
 * @param files all of the zone's.
 * @throws NodeError saying what Asterisk did not take.
 */
export async function provisionAsterisk(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  log: Logger,
): Promise<void> {
  const contents = contentsOf(files);
  const { changed } = await install(session, files);
  const unread = new Set(changed);
  if (!needsRestart(changed)) {
    log.status("waiting for Asterisk");
    // An earlier run may have been killed before it had Asterisk read them.
    const newer = await asteriskProgram(session, "start-unread", Object.keys(files));
    for (const path of newer.split("\n")) unread.add(path);
  }
  const paths = Object.keys(files).filter((path) => unread.has(path));
  if (needsRestart(paths)) await restart(session, paths, log);
  await untilAsteriskServes(session);
  const faults = await readAgain(session, paths, contents);
  if (faults.length > 0) {
    throw new NodeError(session.node, `Asterisk does not take its files: ${faults.join("; ")}`);
  }
}
