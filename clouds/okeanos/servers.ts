import { Deadline } from "../../core/deadline";
import type { OkeanosClient } from "./client";
import { createOnce } from "./create-once";
import { ApiFault, Uncertain } from "./faults";
import { LAST_POLL, explainTimeout, poll } from "../../core/retry";
import { NodeError } from "../../core/errors";

/** A server as Cyclades shows it. */
export interface Found {
  readonly id: number;
  readonly name: string;
  readonly status: "ACTIVE" | "BUILD" | "STOPPED" | "ERROR" | "DELETED" | (string & {});
  readonly deleted?: boolean;
  readonly "SNF:task_state"?: string | null;
  readonly flavor: { readonly id: number };
  readonly metadata: Readonly<Record<string, string>>;
  /** By the ID of the network. */
  readonly addresses: Readonly<Record<string, readonly { readonly addr: string }[]>>;
}

/** Metadata that says whose server it is, and which request made it. */
export const OWNER = "trunkline-owner";
export const REQUEST = "trunkline-request";

/** How long a server may take to go, in milliseconds. */
export const DELETION = 10 * 60_000;
const ACTION = 10 * 60_000;

/** A task may begin between a look and a request: only repeated refusals are meant. */
const REFUSALS = 3;

/** A server that was deleted stays readable for a while. */
const isGone = ({ status, deleted }: Found): boolean => status === "DELETED" || deleted === true;

/** Cyclades' servers, as far as one can rely on them. */
export class OkeanosServers {
  constructor(
    private readonly okeanos: OkeanosClient,
    private readonly signal?: AbortSignal,
  ) {}

  /** Undefined where there is none of this id, or none any more. */
  async find(id: string): Promise<Found | undefined> {
    try {
      const { server } = await this.okeanos.get<{ server: Found }>("compute", `servers/${id}`);
      return isGone(server) ? undefined : server;
    } catch (error) {
      if (error instanceof ApiFault && error.status === 404) return undefined;
      throw error;
    }
  }

  async all(): Promise<Found[]> {
    const { servers } = await this.okeanos.get<{ servers: Found[] }>("compute", "servers/detail");
    return servers.filter((server) => !isGone(server));
  }

  async tagged(key: string, value: string): Promise<Found[]> {
    return (await this.all()).filter(({ metadata }) => metadata[key] === value);
  }

  /**
   * Creates one server, however often it has to be asked for.
   *
   * @param mark key and value of its metadata that no other server has.
   */
  async create(request: object, [key, value]: readonly [string, string]): Promise<string> {
    const { id } = await createOnce(
      async () =>
        (await this.okeanos.post<{ server: Found }>("compute", "servers", { server: request }))
          .server,
      (lost) => {
        const timeout = lost.mayFollow ? this.okeanos.straggler : 0;
        return explainTimeout(this.straggler(key, value, timeout), () => lost);
      },
    );
    return String(id);
  }

  /** Until it is neither being built nor gone. @throws Late */
  settled(id: string, patience: number): Promise<Found | null> {
    return poll(
      async () => {
        const server = await this.find(id);
        if (server === undefined) return null;
        return server.status === "BUILD" ? undefined : server;
      },
      patience,
      this.signal,
    );
  }

  /** Resolves when it is gone, and what it used is free again. @throws Late */
  async delete(id: string): Promise<void> {
    await poll(
      async () => {
        const server = await this.find(id);
        if (server === undefined) return true;
        if (server["SNF:task_state"] !== "DESTROYING") await this.askToGo(id);
        return undefined;
      },
      DELETION,
      this.signal,
    );
  }

  /**
   * Has the server do something, unless it has done so already.
   *
   * @throws ApiFault when it is refused for good; Late.
   */
  async act(id: string, action: object, isDone: (server: Found) => boolean): Promise<void> {
    let refusals = 0;
    await poll(
      async () => {
        const server = await this.find(id);
        if (server === undefined) throw new NodeError("okeanos", `server ${id} is gone`);
        // While a task is pending, Cyclades refuses every other one.
        if (server["SNF:task_state"]) return undefined;
        if (isDone(server)) return true;
        try {
          await this.okeanos.post("compute", `servers/${id}/action`, action);
        } catch (error) {
          const isRefusal = error instanceof ApiFault && [400, 409].includes(error.status);
          if (isRefusal) refusals++;
          else if (!(error instanceof Uncertain)) throw error;
          if (refusals === REFUSALS) throw error;
        }
        return undefined;
      },
      ACTION,
      this.signal,
    );
  }

  async setMetadata(id: string, key: string, value: string): Promise<void> {
    await this.okeanos.put("compute", `servers/${id}/metadata/${key}`, { meta: { [key]: value } });
  }

  async unsetMetadata(id: string, key: string): Promise<void> {
    try {
      await this.okeanos.delete("compute", `servers/${id}/metadata/${key}`);
    } catch (error) {
      if (!(error instanceof ApiFault) || error.status !== 404) throw error;
    }
  }

  private async straggler(
    key: string,
    value: string,
    patience: number,
  ): Promise<Found | undefined> {
    const deadline = new Deadline(patience);
    return poll(
      async () => {
        const [found] = await this.tagged(key, value);
        return found ?? (deadline.isOver ? null : undefined);
      },
      patience * 2 + LAST_POLL,
      this.signal,
    ).then((found) => found ?? undefined);
  }

  private async askToGo(id: string): Promise<void> {
    try {
      await this.okeanos.delete("compute", `servers/${id}`);
    } catch (error) {
      // Gone since it was looked at, or another task has to end first.
      if (!(error instanceof ApiFault) || ![400, 404, 409].includes(error.status)) throw error;
    }
  }
}
