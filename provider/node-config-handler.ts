import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { NodeError } from "../core/errors";
import type { Logger } from "../core/logger";
import { editAsterisk } from "../nodes/asterisk/edit";
import { provisionAsterisk } from "../nodes/asterisk/provision";
import type { Contents } from "../nodes/asterisk/reloadable-files";
import { readFiles, type WantedFile } from "../nodes/files";
import { applyFirewall } from "../nodes/firewall";
import { applyHaproxy, provisionHaproxy } from "../nodes/haproxy/config";
import { waitForBoot } from "../nodes/readiness";
import type { RunningDrains } from "../nodes/rotation/drains";
import { CONTROLLER } from "../ssh/access";
import { type Connections, TIMEOUTS } from "../ssh/connections";
import { NodeUnchanged, type Session } from "../ssh/session";
import type { DeclaredZones } from "./declared-zones";
import { nodeConfigImpact } from "./impact";
import { type NodeConfigInputs } from "./inputs";
import { PartialUpdate, type ResourceChange, type ResourceHandler } from "./resource-handler";

/** State of the resource: the inputs, and what a failed update left to do. */
interface State extends NodeConfigInputs {
  /** Names of zones that may be out of the rotation after a failed update. */
  readonly unsettled?: readonly string[];
}

/**
 * Handles the files of a node. The server boots with the files in its user data, which may be old or incomplete.
 * After the boot, this handler installs all files. The handler applies later edits while calls go on.
 */
export class NodeConfigHandler implements ResourceHandler<NodeConfigInputs> {
  readonly secrets = ["contents", "access"] as const;
  readonly required = [
    "node",
    "serverId",
    "access",
    "zones",
    "drain",
    "files",
    "contents",
  ] as const;

  constructor(
    private readonly connections: Connections,
    private readonly drains: RunningDrains,
    private readonly declaredZones: DeclaredZones,
    private readonly signal: AbortSignal,
  ) {}

  check(news: NodeConfigInputs): undefined {
    this.drains.setPolicy(news.drain);
    this.declaredZones.declare(news.zones);
  }

  diff(olds: State, news: NodeConfigInputs): ResourceChange {
    const impact = nodeConfigImpact(olds, news);
    const unsettled = (olds.unsettled ?? []).filter((name) =>
      news.zones.some((zone) => zone.name === name),
    );
    this.declaredZones.markUnsettled(unsettled);
    if (news.node === CONTROLLER) this.declaredZones.compare(olds.zones, news.zones);
    if (olds.serverId !== news.serverId) {
      return { kind: "replace", changedProperties: ["serverId"], impact };
    }
    // Does not compare `contents`: the compressed form can differ although the files do not.
    const changed = (["files", "zones", "access", "drain"] as const).filter(
      (key) => !isDeepStrictEqual(olds[key], news[key]),
    );
    const changedProperties = [...changed, ...(unsettled.length > 0 ? ["unsettled"] : [])];
    return changedProperties.length === 0
      ? { kind: "none", changedProperties, impact: [] }
      : { kind: "update", changedProperties, impact };
  }

  async create(inputs: NodeConfigInputs, log: Logger): Promise<{ id: string }> {
    log.status("waiting for the server to boot");
    const session = await this.session(inputs, TIMEOUTS.boot);
    await waitForBoot(session, log.status, this.signal);
    log.status("installing its files");
    // The firewall comes first, so that its rules are active before the services use their new files.
    const files = await applyFirewall(session, wantedFiles(inputs, Object.keys(inputs.files)));
    if (inputs.node === CONTROLLER) {
      await provisionHaproxy(session, files, log);
    } else {
      await provisionAsterisk(session, files, log);
    }
    return { id: `${inputs.node}/${inputs.serverId}` };
  }

  async update(olds: State, news: NodeConfigInputs, log: Logger): Promise<void> {
    const paths = changedPaths(olds, news);
    const removedZones = olds.zones.filter(
      (zone) => !news.zones.some(({ name }) => name === zone.name),
    );
    if (paths.length === 0 && removedZones.length === 0) return;
    const before = contentsOf(olds);
    // Files that mention a removed zone change only after the drains of all removed zones. The other files change
    // without a wait.
    const mentions = new RegExp(`\\b(?:${removedZones.map(({ name }) => name).join("|")})\\b`);
    const isAbout = (path: string): boolean =>
      removedZones.length > 0 && mentions.test(before[path] ?? "");
    const [first, last] = [paths.filter((path) => !isAbout(path)), paths.filter(isAbout)];

    const done: string[] = [];
    let begun: readonly string[] = [];
    const apply = async (some: readonly string[]): Promise<void> => {
      if (some.length === 0) return;
      const session = await this.session(news, TIMEOUTS.change);
      begun = some;
      await edit(session, wantedFiles(news, some), before, log, done);
    };
    try {
      await apply(first);
      if (removedZones.length > 0) {
        log.status(`waiting for ${removedZones.map(({ name }) => name).join(", ")} to be drained`);
        await this.drains.allDrained(olds.access, removedZones, news.drain, log);
      }
      await apply(last);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      // After this error, Pulumi does not update the memberships that depend on this resource. Record the zones that
      // still have to enter the rotation, because the next update may find no other change.
      const removedNames = news.node === CONTROLLER ? removedZones.map(({ name }) => name) : [];
      const unsettled = [
        ...new Set([...(olds.unsettled ?? []), ...removedNames, ...this.declaredZones.unsettled]),
      ];
      const uncertain =
        error instanceof NodeUnchanged ? [] : begun.filter((path) => !done.includes(path));
      if ([done, uncertain, unsettled].every(({ length }) => length === 0)) throw error;
      // Record the files that are in effect. Otherwise, if the operator reverts the edit, the next update would find no
      // change, and would not restore the former files.
      const state: State = withUnknownFiles(withFilesOf(olds, news, done), uncertain);
      throw new PartialUpdate(error, unsettled.length === 0 ? state : { ...state, unsettled });
    }
  }

  async read(state: NodeConfigInputs, log: Logger): Promise<NodeConfigInputs> {
    let session: Session;
    try {
      session = await this.session(state, TIMEOUTS.read);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      log.warn(
        `${error.message}. The node's files were not checked and are assumed to be unchanged`,
      );
      return state;
    }
    const paths = Object.keys(state.files);
    const found = await readFiles(session, paths);
    const contents = contentsOf(state);
    const files = paths.map((path) => {
      const [known, real] = [state.files[path], found[path] ?? null];
      const isRight =
        real !== null &&
        known !== undefined &&
        real.sha256 === sha256(contents[path] ?? "") &&
        real.owner === known.owner &&
        real.mode === known.mode;
      return isRight ? [path, known] : [path, drifted(real)];
    });
    return { ...state, files: Object.fromEntries(files) as NodeConfigInputs["files"] };
  }

  /** Closes only the SSH connections, because the files are deleted together with their server. */
  delete({ node }: NodeConfigInputs): Promise<void> {
    this.connections.disconnect(node);
    return Promise.resolve();
  }

  private session({ node, access, zones }: NodeConfigInputs, timeout: number): Promise<Session> {
    if (node === CONTROLLER) return this.connections.controller(access, timeout);
    const zone = zones.find(({ name }) => name === node);
    if (zone === undefined) throw new NodeError(node, "it is not in the list of zones");
    return this.connections.zone(access, zone, timeout);
  }
}

const contentsOf = ({ contents }: NodeConfigInputs): Contents =>
  JSON.parse(gunzipSync(Buffer.from(contents, "base64")).toString()) as Contents;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Returns the specification to record for a file that was changed or removed on the node. */
const drifted = (real: { sha256: string; owner: string; mode: string } | null) =>
  real === null
    ? { owner: "", mode: "", digest: "removed on the node" }
    : {
        owner: real.owner,
        mode: real.mode,
        digest: `changed on the node: ${real.sha256.slice(0, 16)}`,
      };

function changedPaths(olds: NodeConfigInputs, news: NodeConfigInputs): string[] {
  return Object.keys(news.files).filter(
    (path) => !isDeepStrictEqual(olds.files[path], news.files[path]),
  );
}

function withFilesOf(
  olds: NodeConfigInputs,
  news: NodeConfigInputs,
  paths: readonly string[],
): NodeConfigInputs {
  const take = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([path]) => paths.includes(path)));
  const contents = { ...contentsOf(olds), ...take(contentsOf(news)) };
  return {
    ...olds,
    files: { ...olds.files, ...take(news.files) },
    contents: gzipSync(JSON.stringify(contents)).toString("base64"),
  };
}

/** Returns `state` with the files at `paths` marked as unknown, so that the next update installs them again. */
const withUnknownFiles = (state: NodeConfigInputs, paths: readonly string[]): NodeConfigInputs => ({
  ...state,
  files: {
    ...state.files,
    ...Object.fromEntries(
      paths.map((path) => [path, { owner: "", mode: "", digest: "unknown: its edit failed" }]),
    ),
  },
});

function wantedFiles(
  inputs: NodeConfigInputs,
  paths: readonly string[],
): Record<string, WantedFile> {
  const contents = contentsOf(inputs);
  return Object.fromEntries(
    paths.map((path) => {
      const { owner = "", mode = "" } = inputs.files[path] ?? {};
      return [path, { owner, mode, content: contents[path] ?? "" }];
    }),
  );
}

/**
 * Installs files and makes the node's service use them.
 *
 * @param before former contents of the node's files.
 * @param done receives the paths of the files that are in effect.
 * @throws NodeUnchanged if all files except those in `done` are unchanged; another error if it is unknown which files
 * that are not in `done` were changed.
 */
async function edit(
  session: Session,
  files: Readonly<Record<string, WantedFile>>,
  before: Contents,
  log: Logger,
  done: string[],
): Promise<void> {
  const others = await applyFirewall(session, files);
  done.push(...Object.keys(files).filter((path) => !(path in others)));
  if (Object.keys(others).length === 0) return;
  await (session.node === CONTROLLER
    ? applyHaproxy(session, others, log)
    : editAsterisk(session, others, before, log));
  done.push(...Object.keys(others));
}
