import { gunzipSync, gzipSync } from "node:zlib";
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { CONTROLLER } from "../ssh/access";
import { NodeError } from "../core/errors";
import { editAsterisk } from "../nodes/asterisk/edit";
import { provisionAsterisk } from "../nodes/asterisk/provision";
import type { RunningDrains } from "../nodes/rotation/drains";
import { PartialUpdate } from "./partial-update";
import type { DeclaredZones } from "./declared-zones";
import { NodeUnchanged } from "../ssh/session";
import { applyFirewall } from "../nodes/firewall";
import { applyHaproxy, provisionHaproxy } from "../nodes/haproxy/config";
import { nodeConfigImpact } from "./impact";
import { type NodeConfigInputs } from "./inputs";
import { readFiles, type WantedFile } from "../nodes/files";
import type { ResourceChange, ResourceHandler } from "./resource-handler";
import { waitForBoot } from "../nodes/readiness";
import { type Session } from "../ssh/session";
import { type Connections, TIMEOUTS } from "../ssh/connections";
import type { Logger } from "../core/logger";

/** What the state has beside the inputs. */
interface State extends NodeConfigInputs {
  /** Names of zones that a failed update may have left out of the rotation. */
  readonly unsettled?: readonly string[];
}

/**
 * The files of one node. Its server has booted with them, out of its user data; every later edit
 * reaches it here, while people talk.
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
    this.declaredZones.doubt(unsettled);
    if (news.node === CONTROLLER) this.declaredZones.compare(olds.zones, news.zones);
    if (olds.serverId !== news.serverId) {
      return { kind: "replace", because: ["serverId"], impact };
    }
    // The contents themselves are not compared: compressed, they may differ where the files do not.
    const changed = (["files", "zones", "access", "drain"] as const).filter(
      (key) => !isDeepStrictEqual(olds[key], news[key]),
    );
    const because = [...changed, ...(unsettled.length > 0 ? ["unsettled"] : [])];
    return because.length === 0
      ? { kind: "none", because, impact: [] }
      : { kind: "update", because, impact };
  }

  async create(inputs: NodeConfigInputs, log: Logger): Promise<{ id: string }> {
    log.status("waiting for the server to boot");
    const session = await this.session(inputs, TIMEOUTS.boot);
    await waitForBoot(session, log.status, this.signal);
    log.status("looking at its files");
    // Before the services have what they need to serve.
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
    const departed = olds.zones.filter(
      (zone) => !news.zones.some(({ name }) => name === zone.name),
    );
    if (paths.length === 0 && departed.length === 0) return;
    const before = contentsOf(olds);
    // What a zone that goes is known by stays until its last call has ended; all else is done at once.
    const mentions = new RegExp(`\\b(?:${departed.map(({ name }) => name).join("|")})\\b`);
    const isAbout = (path: string): boolean =>
      departed.length > 0 && mentions.test(before[path] ?? "");
    const [first, last] = [paths.filter((path) => !isAbout(path)), paths.filter(isAbout)];

    const done: string[] = [];
    let begun: readonly string[] = [];
    const bringAbout = async (some: readonly string[]): Promise<void> => {
      if (some.length === 0) return;
      const session = await this.session(news, TIMEOUTS.change);
      begun = some;
      await edit(session, wantedFiles(news, some), before, log, done);
    };
    try {
      await bringAbout(first);
      if (departed.length > 0) {
        log.status(`waiting for ${departed.map(({ name }) => name).join(", ")} to be drained`);
        await this.drains.allDrained(olds.access, departed, news.drain, log);
      }
      await bringAbout(last);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      // No zone enters now, and the next update may find nothing else to do.
      const departing = news.node === CONTROLLER ? departed.map(({ name }) => name) : [];
      const unsettled = [
        ...new Set([...(olds.unsettled ?? []), ...departing, ...this.declaredZones.doubtful]),
      ];
      const unsure =
        error instanceof NodeUnchanged ? [] : begun.filter((path) => !done.includes(path));
      if ([done, unsure, unsettled].every(({ length }) => length === 0)) throw error;
      // Of what is in force the state has to know, or it could not be taken back.
      const state: State = withUnsure(withFilesOf(olds, news, done), unsure);
      throw new PartialUpdate(error, unsettled.length === 0 ? state : { ...state, unsettled });
    }
  }

  async read(state: NodeConfigInputs, log: Logger): Promise<NodeConfigInputs> {
    let session: Session;
    try {
      session = await this.session(state, TIMEOUTS.look);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      log.warn(`${error.message}. Its files were not looked at, and are taken for unchanged`);
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

  /** The files go with their server. */
  delete({ node }: NodeConfigInputs): Promise<void> {
    this.connections.leave(node);
    return Promise.resolve();
  }

  private session({ node, access, zones }: NodeConfigInputs, patience: number): Promise<Session> {
    if (node === CONTROLLER) return this.connections.controller(access, patience);
    const zone = zones.find(({ name }) => name === node);
    if (zone === undefined) throw new NodeError(node, "is not among the zones of its own files");
    return this.connections.zone(access, zone, patience);
  }
}

type Contents = Readonly<Record<string, string>>;

const contentsOf = ({ contents }: NodeConfigInputs): Contents =>
  JSON.parse(gunzipSync(Buffer.from(contents, "base64")).toString()) as Contents;

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What `pulumi preview` shows of a file that somebody else has changed on the node, or removed. */
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

/** `olds` with the files at `paths` as `news` has them. */
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

/** `state` that any configuration differs from at `paths`: nobody knows what the node has there. */
const withUnsure = (state: NodeConfigInputs, paths: readonly string[]): NodeConfigInputs => ({
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
 * Puts files into place and lets the node's service use them.
 *
 * @param before what the node's files held so far.
 * @param done takes the paths of the files that are in force.
 * @throws NodeUnchanged where all others are as they were; after any other error nobody knows.
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
