/**
 * This module compares the users, trunk peers and dialplan of a running Asterisk with its files. The comparison is
 * needed because Asterisk may ignore a part of a file without an error.
 *
 * @packageDocumentation
 */

import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Deadline } from "../../core/deadline";
import type { Session } from "../../ssh/session";
import { asterisk } from "./console";
import { ASTERISK_FOLDER, type Contents } from "./reloadable-files";

/** Timeout in seconds of a command that lists all entries, enough for thousands of users on an emulated processor. */
const LIST_TIMEOUT = 180;
/** Maximum number of milliseconds for which Asterisk may read a file in the background after a reload. */
const BACKGROUND_TIMEOUT = 30_000;
/** Milliseconds between two comparisons. */
const INTERVAL = 200;
/** Maximum number of users to query one by one. Asterisk takes longer to list thousands of users than to load them. */
const FEW = 20;

/** Texts of the entries of a file, by name of the entry. */
type Entries = ReadonlyMap<string, string>;

/** Returns a function that parses the sections of a file that use a template, for example `[1001](user)`. */
const sections =
  (template: string) =>
  (content: string): Entries => {
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

/** Parses the rows of users.sql, for example `('1001', 'Alice', '…'),`. */
export const userRows = (content: string): Entries =>
  new Map(
    Array.from(content.matchAll(/^(\('(\d+)', .*\))[,;]$/gm), ([, row = "", user = ""]) => [
      user,
      row,
    ]),
  );

/** Method for comparing the entries of a file with a running Asterisk. */
interface ReadBack {
  readonly what: "users" | "trunk peers";
  readonly entries: (content: string) => Entries;
  /**
   * Matches a file that has entries in any form. If `entries` finds none in such a file, that is an error. Otherwise a
   * file whose entries were not found would pass the comparison.
   */
  readonly nonEmpty?: RegExp;
  /** Command that lists all entries, and pattern of the names in the output. */
  readonly all?: { readonly command: string; readonly name: RegExp };
  /** Command that shows the entry with a name, and pattern of the output if there is no such entry. */
  readonly one?: { readonly command: string; readonly none: RegExp };
}

const READ_BACKS: Readonly<Record<string, ReadBack>> = {
  "users.sql": {
    what: "users",
    entries: userRows,
    nonEmpty: /^INSERT INTO users\b/m,
    // `all` is not needed: load-users loads either all users or none, so a few users are a sufficient sample.
    one: { command: "pjsip show endpoint", none: /^Unable to find object/m },
  },
  "sip.conf": {
    what: "users",
    entries: sections("user"),
    all: { command: "sip show peers", name: /^(\d+)[/ ](?!sip peers)/gm },
    one: { command: "sip show peer", none: /^Peer \S+ not found/m },
  },
  "iax.conf": {
    what: "trunk peers",
    entries: sections("zone"),
    all: { command: "iax2 show peers", name: /^(zone\d+)[/ ]/gm },
  },
};

/** Returns the names of users that are in `before` but not in `after`. */
export function removedUsers(before: Contents, after: Contents): string[] {
  return Object.entries(after).flatMap(([path, content]) => {
    const readBack = READ_BACKS[basename(path)];
    if (readBack?.what !== "users") return [];
    const left = readBack.entries(content);
    return [...readBack.entries(before[path] ?? "").keys()].filter((user) => !left.has(user));
  });
}

/** Returns up to {@link FEW} of the names: the first, the last, and others evenly between. */
const sampleOf = (many: readonly string[]): readonly string[] => {
  const step = Math.max(1, (many.length - 1) / (FEW - 1));
  return Array.from(
    { length: Math.min(FEW, many.length) },
    (_, index) => many[Math.round(index * step)] ?? "",
  );
};

/**
 * Compares the names of the entries of a running Asterisk with the names in a file. With `one`, compares only the
 * changed entries if there are a few. Without `all`, compares at most a sample.
 *
 * @param before content of the file before the edit; undefined if it is unknown which entries have changed.
 * @returns the differences, for a message; null if there are none.
 */
async function mismatch(
  session: Session,
  { what, entries, nonEmpty, all, one }: ReadBack,
  content: string,
  before: string | undefined,
): Promise<string | null> {
  const expected = entries(content);
  if (expected.size === 0 && nonEmpty?.test(content) === true) {
    return `its ${what} cannot be checked: no entry has the expected form`;
  }
  const former = before === undefined ? null : entries(before);
  const edited = [...new Set([...expected.keys(), ...(former?.keys() ?? [])])].filter(
    (name) => expected.get(name) !== former?.get(name),
  );
  const isFew = former !== null && edited.length > 0 && edited.length <= FEW;
  if (one !== undefined && (isFew || all === undefined)) {
    const asked = sampleOf(edited.length > 0 ? edited : [...expected.keys()]);
    const answers = await asterisk(
      session,
      asked.map((name) => `${one.command} ${name}`),
    );
    const wrong = asked.filter(
      (name, index) => one.none.test(answers[index] ?? "") === expected.has(name),
    );
    return wrong.length === 0 ? null : `its ${what} ${wrong.join(", ")} differ from the file`;
  }
  if (all === undefined) return null;
  const [listed = ""] = await asterisk(session, [all.command], LIST_TIMEOUT);
  const got = new Set(Array.from(listed.matchAll(all.name), ([, found = ""]) => found));
  return got.size === expected.size && [...expected.keys()].every((name) => got.has(name))
    ? null
    : `its ${String(got.size)} ${what} differ from the ${String(expected.size)} in the file`;
}

/**
 * Repeats {@link mismatch} until there is no difference, the timeout expires, or `isRefused` returns true. Returns the
 * last result. The repetition is needed because chan_sip reads its file in the background.
 */
async function lastingMismatch(
  isRefused: () => Promise<boolean>,
  ...args: Parameters<typeof mismatch>
): Promise<string | null> {
  const deadline = new Deadline(BACKGROUND_TIMEOUT);
  for (;;) {
    const fault = await mismatch(...args);
    if (fault === null || deadline.isExpired || (await isRefused())) return fault;
    await sleep(INTERVAL);
  }
}

/** Returns the `Dial` applications in extensions.conf, in the form in which `dialplan show` prints them. */
const dials = (dialplan: string): string[] =>
  Array.from(
    dialplan.matchAll(/^ *(?:exten|same) *=> *.*?\b(Dial\(.+\))$/gm),
    ([, application = ""]) => application,
  );

/** Returns messages about the `Dial` applications in extensions.conf that the running dialplan does not have. */
async function dialplanMismatches(session: Session, content: string): Promise<string[]> {
  const file = content.replace(/^;.*$/gm, "");
  const wanted = dials(file);
  // `dials` misses a Dial in another form. Report this, because such a Dial would not be compared.
  if (wanted.length !== file.split("Dial(").length - 1) {
    return ["its dialplan cannot be checked: a Dial does not have the expected form"];
  }
  const [running = ""] = wanted.length === 0 ? [] : await asterisk(session, ["dialplan show"]);
  return wanted
    .filter((application) => !running.includes(application))
    .map((application) => `its dialplan has no ${application}`);
}

/**
 * Returns messages about the differences between a running Asterisk and the files that it has read.
 *
 * @param before contents of the files before the edit. If a file is not in `before`, all its entries are compared, or a
 * sample of the users in users.sql.
 * @param isRefused returns whether Asterisk has logged an error about a file. Waiting longer is then useless.
 */
export async function readBack(
  session: Session,
  contents: Contents,
  before: Contents,
  isRefused: () => Promise<boolean>,
): Promise<string[]> {
  const mismatches = await Promise.all(
    Object.entries(READ_BACKS).flatMap(([name, how]) => {
      const content = contents[ASTERISK_FOLDER + name];
      return content === undefined
        ? []
        : [lastingMismatch(isRefused, session, how, content, before[ASTERISK_FOLDER + name])];
    }),
  );
  const dialplan = contents[`${ASTERISK_FOLDER}extensions.conf`] ?? "";
  return [
    ...mismatches.filter((fault) => fault !== null),
    ...(await dialplanMismatches(session, dialplan)),
  ];
}
