import type {
  CheckResult,
  CreateResult,
  DiffResult,
  InvokeResult,
  Provider,
  ReadResult,
  UpdateResult,
} from "@pulumi/pulumi/provider";
import { OkeanosClient } from "../clouds/okeanos/client";
import { IncompleteResource } from "../clouds/okeanos/faults";
import { NodeError } from "../core/errors";
import type { Logger } from "../core/logger";
import { RunningDrains } from "../nodes/rotation/drains";
import { Connections } from "../ssh/connections";
import { DeclaredZones } from "./declared-zones";
import { NodeConfigHandler } from "./node-config-handler";
import { OkeanosFloatingIpHandler } from "./okeanos/floating-ip";
import { okeanosFunctions, type ProviderFunction } from "./okeanos/functions";
import { OkeanosNetworkHandler } from "./okeanos/network";
import { OkeanosServerHandler } from "./okeanos/server";
import { PartialUpdate, type ResourceHandler } from "./resource-handler";
import { plain, secret } from "./wire";
import { ZoneMembershipHandler } from "./zone-membership-handler";

/** Provider of the Pulumi package `pbx`. Selects a handler by the last part of a resource's type. */
export class PbxResourceProvider implements Provider {
  readonly version = "0.1.0";
  private readonly abort = new AbortController();
  private readonly handlers: Readonly<Record<string, ResourceHandler<object>>>;
  private readonly functions: Readonly<Record<string, ProviderFunction>>;
  private okeanos: OkeanosClient | undefined;

  constructor(
    private readonly loggerOf: (urn: string) => Logger,
    connections = new Connections(),
  ) {
    // The client is created at its first use, because it needs environment variables that OpenStack does not need.
    const okeanos = (): OkeanosClient => (this.okeanos ??= OkeanosClient.fromEnvironment());
    const { signal } = this.abort;
    connections.cancelOn(signal);
    const drains = new RunningDrains(connections, signal);
    const declaredZones = new DeclaredZones();
    this.handlers = {
      NodeConfig: new NodeConfigHandler(connections, drains, declaredZones, signal),
      ZoneMembership: new ZoneMembershipHandler(connections, drains, declaredZones, signal),
      Server: new OkeanosServerHandler(okeanos, signal),
      Network: new OkeanosNetworkHandler(okeanos, signal),
      FloatingIp: new OkeanosFloatingIpHandler(okeanos, signal),
    };
    this.functions = okeanosFunctions(okeanos);
  }

  check(urn: string, _olds: unknown, news: Record<string, unknown>): Promise<CheckResult> {
    const handler = this.handlerOf(urn);
    const values = plain(news) as Record<string, unknown>;
    const missing = handler.required.filter((property) => values[property] === undefined);
    const reason = missing.length === 0 ? handler.check?.(values) : undefined;
    return Promise.resolve({
      inputs: news,
      failures: [
        ...missing.map((property) => ({ property, reason: `${property} is required` })),
        ...(reason === undefined ? [] : [{ property: "", reason }]),
      ],
    });
  }

  diff(_id: string, urn: string, olds: unknown, news: unknown): Promise<DiffResult> {
    const change = this.handlerOf(urn).diff(plain(olds) as object, plain(news) as object);
    const log = this.loggerOf(urn);
    for (const line of change.impact) log.info(line);
    return Promise.resolve({
      changes: change.kind !== "none",
      replaces: change.kind === "replace" ? [...change.changedProperties] : [],
      deleteBeforeReplace: true,
    });
  }

  async create(urn: string, inputs: Record<string, unknown>): Promise<CreateResult> {
    const handler = this.handlerOf(urn);
    try {
      const work = handler.create(plain(inputs) as object, this.loggerOf(urn));
      const { id, outs } = await withoutStack(work);
      return { id, outs: this.outs(handler, { ...inputs, ...outs }) };
    } catch (error) {
      if (!(error instanceof IncompleteResource)) throw error;
      throw unfinished(error, error.id, this.outs(handler, { ...inputs, unfinished: true }));
    }
  }

  async update(
    id: string,
    urn: string,
    olds: Record<string, unknown>,
    news: Record<string, unknown>,
  ): Promise<UpdateResult> {
    const handler = this.handlerOf(urn);
    const given = (handler.given ?? []).map((key): [string, unknown] => [key, olds[key]]);
    const outs = (inputs: object): Record<string, unknown> =>
      this.outs(handler, { ...Object.fromEntries(given), ...inputs });
    try {
      await withoutStack(
        handler.update(plain(olds) as object, plain(news) as object, this.loggerOf(urn), id),
      );
    } catch (error) {
      if (!(error instanceof PartialUpdate)) throw error;
      throw unfinished(error, id, outs(error.state));
    }
    return { outs: outs(news) };
  }

  async read(id: string, urn: string, props: Record<string, unknown>): Promise<ReadResult> {
    const handler = this.handlerOf(urn);
    const found = await withoutStack(handler.read(plain(props) as object, this.loggerOf(urn), id));
    return found === null ? { id: "", props: {} } : { id, props: this.outs(handler, found) };
  }

  async delete(id: string, urn: string, props: unknown): Promise<void> {
    await withoutStack(this.handlerOf(urn).delete(plain(props) as object, this.loggerOf(urn), id));
  }

  /** Calls a provider function for the Pulumi program. @param token for example `pbx:okeanos:getImage` */
  async invoke(token: string, inputs: unknown): Promise<InvokeResult> {
    const called = this.functions[token];
    if (called === undefined) throw new Error(`the pbx provider has no ${token}`);
    try {
      return { outputs: await called(plain(inputs) as object) };
    } catch (error) {
      // Returned as an output: Pulumi would add its own text and a stack trace to an error.
      if (error instanceof NodeError) return { outputs: { fault: error.message } };
      throw error;
    }
  }

  /**
   * Handles a cancellation, such as Ctrl-C: ends waits and drains. An interrupted drain puts a healthy zone back into
   * the rotation.
   */
  cancel(): Promise<void> {
    this.abort.abort();
    return Promise.resolve();
  }

  private handlerOf(urn: string): ResourceHandler<object> {
    const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const handler = this.handlers[type.split(":").at(-1) ?? ""];
    if (handler === undefined) throw new Error(`the pbx provider has no ${type}`);
    return handler;
  }

  private outs(handler: ResourceHandler<object>, inputs: object): Record<string, unknown> {
    const values = plain(inputs) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        handler.secrets.includes(key) ? secret(value) : value,
      ]),
    );
  }
}

/** Adds to an error the fields that make Pulumi record a resource that exists, but is not complete or up to date. */
const unfinished = (error: Error, id: string, properties: object): Error =>
  Object.assign(error, { id, properties, reasons: [error.message] });

/** Removes the stack trace of a NodeError, and of the AbortError of a cancellation, because Pulumi would print it. */
async function withoutStack<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NodeError || (error as Error).name === "AbortError") {
      (error as Error).stack = (error as Error).message;
    }
    throw error;
  }
}
