import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import {
  findFlavor,
  findImage,
  flavorOfServer,
  readsUserData,
} from "../../clouds/okeanos/catalogue";
import type { OkeanosClient } from "../../clouds/okeanos/client";
import { ApiFault, IncompleteResource } from "../../clouds/okeanos/faults";
import { freeAddress } from "../../clouds/okeanos/floating-ips";
import { bootstrapFault, bootstrapOf } from "../../clouds/okeanos/server-files";
import {
  DELETION,
  type FoundServer,
  OkeanosServers,
  OWNER,
  REQUEST,
} from "../../clouds/okeanos/servers";
import { durationInWords } from "../../core/duration";
import { NodeError } from "../../core/errors";
import type { Logger } from "../../core/logger";
import { PollTimeout } from "../../core/retry";
import type { OkeanosServerInputs } from "../inputs";
import type { ResourceChange, ResourceHandler } from "../resource-handler";

/** Timeout in milliseconds for building a server. Okeanos copies the image to the disk. */
const BUILDING = 20 * 60_000;

interface State extends OkeanosServerInputs {
  /** Whether the creation of the server failed. The server may still exist. */
  readonly unfinished?: boolean;
}

/** Handles a server with a fixed IP in an internal network and a public address. */
export class OkeanosServerHandler implements ResourceHandler<State> {
  readonly secrets = ["userData"] as const;
  readonly required = [
    "name",
    "owner",
    "image",
    "flavor",
    "network",
    "publicAddress",
    "metadata",
    "userData",
    "replaceOn",
  ] as const;

  constructor(
    private readonly okeanos: () => OkeanosClient,
    private readonly signal: AbortSignal,
  ) {}

  check(news: OkeanosServerInputs): string | undefined {
    return bootstrapFault(news.userData);
  }

  diff(olds: State, news: OkeanosServerInputs): ResourceChange {
    const changedProperties = COMPARED.filter((key) => !isDeepStrictEqual(olds[key], news[key]));
    if (olds.unfinished === true)
      return { kind: "replace", changedProperties: ["name"], impact: [] };
    const isReplaced = changedProperties.some(
      (key) => !CHANGEABLE.has(key) || news.replaceOn.includes(key),
    );
    const kind = changedProperties.length === 0 ? "none" : isReplaced ? "replace" : "update";
    return { kind, changedProperties, impact: [] };
  }

  async create(inputs: OkeanosServerInputs, log: Logger): Promise<{ id: string }> {
    const { name, owner } = inputs;
    const servers = this.servers();
    // Remove servers of an earlier update that was killed before Pulumi recorded them.
    await this.remove(name, await servers.tagged(OWNER, owner), log);
    const request = randomUUID();
    const wanted = await this.request(inputs, request);
    log.status("requesting a server");
    const id = await named(name, servers.create(wanted, [REQUEST, request]));
    try {
      log.status("waiting for the server to be built");
      const building = servers.settled(id, BUILDING);
      const server = await named(
        name,
        building,
        `server ${id} is not built after ${durationInWords(BUILDING / 1000)}`,
      );
      const fault = faultOf(server, inputs);
      if (fault !== undefined) throw new NodeError(name, fault);
      // A request that was repeated after a timeout may have been executed twice. Remove the second server.
      const tagged = await named(name, servers.tagged(OWNER, owner));
      await this.remove(
        name,
        tagged.filter((other) => String(other.id) !== id),
        log,
      );
      return { id };
    } catch (error) {
      throw await this.cleanUp(name, id, error);
    }
  }

  async update(olds: State, news: OkeanosServerInputs, log: Logger, id: string): Promise<void> {
    const servers = this.servers();
    if (olds.flavor !== news.flavor) {
      const work = this.resize(id, olds, news, log);
      await named(news.name, work, "its server was not resized in time");
    }
    for (const [key, value] of Object.entries(news.metadata)) {
      if (olds.metadata[key] !== value) await servers.setMetadata(id, key, value);
    }
    for (const key of Object.keys(olds.metadata)) {
      if (!(key in news.metadata)) await servers.unsetMetadata(id, key);
    }
  }

  async read(state: State, _log: Logger, id: string): Promise<State | null> {
    const server = await this.servers().find(id);
    if (server === undefined) return null;
    const flavor = await flavorOfServer(this.okeanos(), server.flavor.id);
    const isAsKnown =
      flavor === undefined || [flavor.name, String(flavor.id)].includes(state.flavor);
    const keys = Object.keys(state.metadata).filter((key) => key in server.metadata);
    return {
      ...state,
      flavor: isAsKnown ? state.flavor : String(server.flavor.id),
      metadata: Object.fromEntries(keys.map((key) => [key, server.metadata[key] ?? ""])),
    };
  }

  async delete({ name }: State, log: Logger, id: string): Promise<void> {
    log.status("waiting for the server to be deleted");
    await this.deleted(name, id);
  }

  private deleted(name: string, id: string): Promise<void> {
    const work = this.servers().delete(id);
    return named(
      name,
      work,
      `server ${id} is not deleted after ${durationInWords(DELETION / 1000)}`,
    );
  }

  private servers(): OkeanosServers {
    return new OkeanosServers(this.okeanos(), this.signal);
  }

  private async request(inputs: OkeanosServerInputs, request: string): Promise<object> {
    const okeanos = this.okeanos();
    const { name, network, publicAddress, project } = inputs;
    const [flavor, image, pool] = await Promise.all([
      findFlavor(okeanos, inputs.flavor),
      findImage(okeanos, inputs.image),
      freeAddress(okeanos, publicAddress, this.signal),
    ]);
    return {
      name,
      imageRef: image.id,
      flavorRef: flavor.id,
      metadata: { ...inputs.metadata, [OWNER]: inputs.owner, [REQUEST]: request },
      networks: [
        { uuid: pool, fixed_ip: publicAddress },
        { uuid: network.id, fixed_ip: network.fixedIp },
      ],
      ...(project === undefined ? {} : { project }),
      ...bootstrapOf(inputs, readsUserData(image)),
    };
  }

  private async resize(
    id: string,
    olds: State,
    news: OkeanosServerInputs,
    log: Logger,
  ): Promise<void> {
    const okeanos = this.okeanos();
    const servers = this.servers();
    const server = await servers.find(id);
    const before = server && (await flavorOfServer(okeanos, server.flavor.id));
    const after = await findFlavor(okeanos, news.flavor);
    if (before !== undefined && before.disk !== after.disk) {
      throw new NodeError(
        news.name,
        `flavor ${news.flavor} has a disk of ${String(after.disk)} GiB and ${olds.flavor} one of ` +
          `${String(before.disk)}; a server keeps its disk, so choose a flavor with the same disk size`,
      );
    }
    const isOfFlavor = ({ flavor }: FoundServer): boolean => flavor.id === after.id;
    log.status("stopping");
    await servers.act(
      id,
      { shutdown: {} },
      (found) => found.status === "STOPPED" || isOfFlavor(found),
    );
    log.status(`resizing to ${after.name}`);
    await servers.act(id, { resize: { flavorRef: after.id } }, isOfFlavor);
    log.status("starting");
    await servers.act(id, { start: {} }, ({ status }) => status === "ACTIVE");
  }

  private async remove(name: string, found: readonly FoundServer[], log: Logger): Promise<void> {
    for (const { id } of found) {
      log.status(`removing server ${String(id)}, which an interrupted update left behind`);
      await this.deleted(name, String(id));
    }
  }

  /**
   * Deletes a server after a failed creation. Returns the error to throw: `error`, or an IncompleteResource if the
   * server may still exist.
   */
  private async cleanUp(name: string, id: string, error: unknown): Promise<unknown> {
    // If the update is cancelled, do not delete the server, because a deletion takes long. The next update replaces the
    // server.
    if (this.signal.aborted) return new IncompleteResource(name, `server ${id} is being built`, id);
    try {
      await this.servers().delete(id);
      return error;
    } catch {
      return new IncompleteResource(
        name,
        error instanceof NodeError ? error.fault : String(error),
        id,
      );
    }
  }
}

/** Inputs whose change affects the server. User data is not among them, because only the first boot reads it. */
const COMPARED = [
  "name",
  "owner",
  "project",
  "image",
  "flavor",
  "network",
  "publicAddress",
  "metadata",
] as const;
/** Inputs of COMPARED that can change without a replacement of the server. */
const CHANGEABLE: ReadonlySet<string> = new Set(["flavor", "metadata"]);

function faultOf(server: FoundServer | null, inputs: OkeanosServerInputs): string | undefined {
  if (server === null) return "its server was deleted while it was being built";
  const id = String(server.id);
  if (server.status !== "ACTIVE") {
    return `Okeanos could not build server ${id} (${server.status}); run the same command again`;
  }
  const addresses = Object.values(server.addresses).flatMap((list) => list.map(({ addr }) => addr));
  const missing = [inputs.network.fixedIp, inputs.publicAddress].filter(
    (address) => !addresses.includes(address),
  );
  return missing.length === 0
    ? undefined
    : `server ${id} did not get its address ${missing.join(" and ")}; run the same command again`;
}

/**
 * Turns errors of the API into a NodeError of the node `name`.
 *
 * @param late message for a timeout; if undefined, a PollTimeout is thrown unchanged.
 */
async function named<T>(name: string, work: Promise<T>, late?: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ApiFault && error.status === 413) {
      throw new NodeError(
        name,
        `Okeanos refuses the server: ${error.reason}. Free some of the quota, or request more`,
      );
    }
    if (error instanceof NodeError) throw new NodeError(name, error.fault);
    if (error instanceof PollTimeout && late !== undefined)
      throw new NodeError(name, `${late}; run the same command again`);
    throw error;
  }
}
