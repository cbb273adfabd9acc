import { Deadline } from "../../core/deadline";
import { NodeError } from "../../core/errors";
import { MAX_POLL_INTERVAL, explainTimeout, poll } from "../../core/retry";
import type { OkeanosClient } from "./client";
import { createOnce } from "./create-once";
import { ApiFault, UnknownResult } from "./faults";

/** A server as the Cyclades API returns it. */
export interface FoundServer {
  readonly id: number;
  readonly name: string;
  readonly status: "ACTIVE" | "BUILD" | "STOPPED" | "ERROR" | "DELETED" | (string & {});
  readonly deleted?: boolean;
  readonly "SNF:task_state"?: string | null;
  readonly flavor: { readonly id: number };
  readonly metadata: Readonly<Record<string, string>>;
  /** Addresses by ID of the network. */
  readonly addresses: Readonly<Record<string, readonly { readonly addr: string }[]>>;
}

/** Metadata keys of a server: `OWNER` for the tag of its node, `REQUEST` for a random ID of its creation. */
export const OWNER = "trunkline-owner";
export const REQUEST = "trunkline-request";

/** Timeout for the deletion of a server, in milliseconds. */
export const DELETION = 10 * 60_000;
/** Timeout for an action on a server, such as a resize, in milliseconds. */
const ACTION = 10 * 60_000;

/** Number of refusals after which an action fails. A single refusal may only mean that another task has just begun. */
const REFUSALS = 3;

/** Returns whether a server is deleted. The API still returns a deleted server for a while. */
const isGone = ({ status, deleted }: FoundServer): boolean =>
  status === "DELETED" || deleted === true;

/** Client for servers in Cyclades that handles lost responses and pending tasks. */
export class OkeanosServers {
  constructor(
    private readonly okeanos: OkeanosClient,
    private readonly signal?: AbortSignal,
  ) {}

  /** Returns a server; undefined if it never existed or was deleted. */
  async find(id: string): Promise<FoundServer | undefined> {
    try {
      const { server } = await this.okeanos.get<{ server: FoundServer }>(
        "compute",
        `servers/${id}`,
      );
      return isGone(server) ? undefined : server;
    } catch (error) {
      if (error instanceof ApiFault && error.status === 404) return undefined;
      throw error;
    }
  }

  async all(): Promise<FoundServer[]> {
    const { servers } = await this.okeanos.get<{ servers: FoundServer[] }>(
      "compute",
      "servers/detail",
    );
    return servers.filter((server) => !isGone(server));
  }

  async tagged(key: string, value: string): Promise<FoundServer[]> {
    return (await this.all()).filter(({ metadata }) => metadata[key] === value);
  }

  /**
   * Creates a server and returns its ID. If the response is lost, finds the server by its metadata `key`, whose `value`
   * in `request` must be unique.
   */
  async create(request: object, [key, value]: readonly [string, string]): Promise<string> {
    const { id } = await createOnce(
      async () =>
        (
          await this.okeanos.post<{ server: FoundServer }>("compute", "servers", {
            server: request,
          })
        ).server,
      (lost) => {
        const timeout = lost.mayStillExecute ? this.okeanos.lateExecutionTimeout : 0;
        return explainTimeout(this.findLost(key, value, timeout), () => lost);
      },
    );
    return String(id);
  }

  /** Returns a server once it is built or its build has failed; null if the server is gone. @throws PollTimeout */
  settled(id: string, timeout: number): Promise<FoundServer | null> {
    return poll(
      async () => {
        const server = await this.find(id);
        if (server === undefined) return null;
        return server.status === "BUILD" ? undefined : server;
      },
      timeout,
      this.signal,
    );
  }

  /** Deletes a server and waits until it is gone. @throws PollTimeout */
  async delete(id: string): Promise<void> {
    await poll(
      async () => {
        const server = await this.find(id);
        if (server === undefined) return true;
        if (server["SNF:task_state"] !== "DESTROYING") await this.requestDeletion(id);
        return undefined;
      },
      DELETION,
      this.signal,
    );
  }

  /**
   * Requests an action on a server, unless `isDone` is already true, and waits until `isDone` is true.
   *
   * @throws ApiFault if the API refuses the action; NodeError if the server is gone; PollTimeout.
   */
  async act(id: string, action: object, isDone: (server: FoundServer) => boolean): Promise<void> {
    let refusals = 0;
    await poll(
      async () => {
        const server = await this.find(id);
        if (server === undefined) throw new NodeError("okeanos", `server ${id} is gone`);
        // While a task is pending, Cyclades refuses all other tasks.
        if (server["SNF:task_state"]) return undefined;
        if (isDone(server)) return true;
        try {
          await this.okeanos.post("compute", `servers/${id}/action`, action);
        } catch (error) {
          const isRefusal = error instanceof ApiFault && [400, 409].includes(error.status);
          if (isRefusal) refusals++;
          else if (!(error instanceof UnknownResult)) throw error;
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

  private async findLost(
    key: string,
    value: string,
    timeout: number,
  ): Promise<FoundServer | undefined> {
    const deadline = new Deadline(timeout);
    return poll(
      async () => {
        const [found] = await this.tagged(key, value);
        return found ?? (deadline.isExpired ? null : undefined);
      },
      timeout * 2 + MAX_POLL_INTERVAL,
      this.signal,
    ).then((found) => found ?? undefined);
  }

  private async requestDeletion(id: string): Promise<void> {
    try {
      await this.okeanos.delete("compute", `servers/${id}`);
    } catch (error) {
      // These statuses are no failure: the server is gone, or another task must end first. The caller checks again.
      if (!(error instanceof ApiFault) || ![400, 404, 409].includes(error.status)) throw error;
    }
  }
}
