import type {
  CheckResult,
  CreateResult,
  DiffResult,
  InvokeResult,
  Provider,
  ReadResult,
  UpdateResult,
} from "@pulumi/pulumi/provider";
import { Drains } from "../nodes/rotation/drains";
import { NodeConfig } from "./node-config";
import { Okeanos } from "../clouds/okeanos/client";
import { Unfinished } from "../clouds/okeanos/faults";
import { OkeanosFloatingIp } from "./okeanos/floating-ip";
import { okeanosFunctions, type ProviderFunction } from "./okeanos/functions";
import { OkeanosNetwork } from "./okeanos/network";
import { OkeanosServer } from "./okeanos/server";
import { PartlyDone } from "./partly-done";
import { Roster } from "./roster";
import { NodeError } from "../core/errors";
import { Connections } from "../nodes/ssh/connections";
import type { Voice } from "./voice";
import { plain, secret } from "./wire";
import { ZoneMembership } from "./zone-membership";

/** What a change of a resource's inputs means. */
export interface Change {
  /** `replace`: the resource is deleted, and made anew after that. */
  readonly kind: "none" | "update" | "replace";
  /** Names of the inputs that ask for it. */
  readonly because: readonly string[];
  /** What callers will feel of it. */
  readonly impact: readonly string[];
}

/**
 * A kind of resource: what Pulumi asks of it, in plain values. Its outputs are its inputs, which were
 * last brought about, and what `create` gives beside them.
 *
 * All but `diff` act on running nodes. Each may be killed at any moment and asked again.
 */
export interface ResourceKind<Inputs> {
  /** Inputs whose value, or a part of it, is secret. */
  readonly secrets: readonly string[];
  /** Inputs that there must be. */
  readonly required: readonly string[];
  /** Outputs that `create` gives beside the inputs. */
  readonly given?: readonly string[];
  /**
   * Takes note of what this run of Pulumi wants; values may be unknown yet.
   *
   * @returns why it cannot be had, where that is known already.
   */
  check?(news: Inputs): string | undefined;
  diff(olds: Inputs, news: Inputs): Change;
  create(inputs: Inputs, voice: Voice): Promise<{ readonly id: string; readonly outs?: object }>;
  update(olds: Inputs, news: Inputs, voice: Voice, id: string): Promise<void>;
  /** The state as it really is; null where the resource is gone. */
  read(state: Inputs, voice: Voice, id: string): Promise<Inputs | null>;
  delete(state: Inputs, voice: Voice, id: string): Promise<void>;
}

/** Pulumi package `pbx`: its kinds of resources, by the last part of their type. */
export class PbxProvider implements Provider {
  readonly version = "0.1.0";
  private readonly abort = new AbortController();
  private readonly kinds: Readonly<Record<string, ResourceKind<object>>>;
  private readonly functions: Readonly<Record<string, ProviderFunction>>;
  private okeanos: Okeanos | undefined;

  constructor(
    private readonly voiceOf: (urn: string) => Voice,
    connections = new Connections(),
  ) {
    // Its environment is looked at where something of it is asked for: OpenStack needs none of it.
    const okeanos = (): Okeanos => (this.okeanos ??= Okeanos.fromEnvironment());
    const { signal } = this.abort;
    connections.heed(signal);
    const drains = new Drains(connections, signal);
    const roster = new Roster();
    this.kinds = {
      NodeConfig: new NodeConfig(connections, drains, roster, signal),
      ZoneMembership: new ZoneMembership(connections, drains, roster, signal),
      Server: new OkeanosServer(okeanos, signal),
      Network: new OkeanosNetwork(okeanos, signal),
      FloatingIp: new OkeanosFloatingIp(okeanos, signal),
    };
    this.functions = okeanosFunctions(okeanos);
  }

  check(urn: string, _olds: unknown, news: Record<string, unknown>): Promise<CheckResult> {
    const kind = this.kindOf(urn);
    const values = plain(news) as Record<string, unknown>;
    const missing = kind.required.filter((property) => values[property] === undefined);
    const reason = missing.length === 0 ? kind.check?.(values) : undefined;
    return Promise.resolve({
      inputs: news,
      failures: [
        ...missing.map((property) => ({ property, reason: `${property} is not given` })),
        ...(reason === undefined ? [] : [{ property: "", reason }]),
      ],
    });
  }

  diff(_id: string, urn: string, olds: unknown, news: unknown): Promise<DiffResult> {
    const change = this.kindOf(urn).diff(plain(olds) as object, plain(news) as object);
    const voice = this.voiceOf(urn);
    for (const line of change.impact) voice.tell(line);
    return Promise.resolve({
      changes: change.kind !== "none",
      replaces: change.kind === "replace" ? [...change.because] : [],
      deleteBeforeReplace: true,
    });
  }

  async create(urn: string, inputs: Record<string, unknown>): Promise<CreateResult> {
    const kind = this.kindOf(urn);
    try {
      const work = kind.create(plain(inputs) as object, this.voiceOf(urn));
      const { id, outs } = await said(work);
      return { id, outs: this.outs(kind, { ...inputs, ...outs }) };
    } catch (error) {
      if (!(error instanceof Unfinished)) throw error;
      throw unfinished(error, error.id, this.outs(kind, { ...inputs, unfinished: true }));
    }
  }

  async update(
    id: string,
    urn: string,
    olds: Record<string, unknown>,
    news: Record<string, unknown>,
  ): Promise<UpdateResult> {
    const kind = this.kindOf(urn);
    const given = (kind.given ?? []).map((key): [string, unknown] => [key, olds[key]]);
    const outs = (inputs: object): Record<string, unknown> =>
      this.outs(kind, { ...Object.fromEntries(given), ...inputs });
    try {
      await said(kind.update(plain(olds) as object, plain(news) as object, this.voiceOf(urn), id));
    } catch (error) {
      if (!(error instanceof PartlyDone)) throw error;
      throw unfinished(error, id, outs(error.state));
    }
    return { outs: outs(news) };
  }

  async read(id: string, urn: string, props: Record<string, unknown>): Promise<ReadResult> {
    const kind = this.kindOf(urn);
    const found = await said(kind.read(plain(props) as object, this.voiceOf(urn), id));
    return found === null ? { id: "", props: {} } : { id, props: this.outs(kind, found) };
  }

  async delete(id: string, urn: string, props: unknown): Promise<void> {
    await said(this.kindOf(urn).delete(plain(props) as object, this.voiceOf(urn), id));
  }

  /** A function that the program calls, by its token: `pbx:okeanos:getImage`. */
  async invoke(token: string, inputs: unknown): Promise<InvokeResult> {
    const called = this.functions[token];
    if (called === undefined) throw new Error(`the pbx provider has no ${token}`);
    try {
      return { outputs: await called(plain(inputs) as object) };
    } catch (error) {
      // Pulumi would put its own words, and a stack trace, around a failure of the function.
      if (error instanceof NodeError) return { outputs: { fault: error.message } };
      throw error;
    }
  }

  /** Somebody pressed Ctrl-C: what takes its time ends, and leaves things as they were. */
  cancel(): Promise<void> {
    this.abort.abort();
    return Promise.resolve();
  }

  private kindOf(urn: string): ResourceKind<object> {
    const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
    const kind = this.kinds[type.split(":").at(-1) ?? ""];
    if (kind === undefined) throw new Error(`the pbx provider has no ${type}`);
    return kind;
  }

  private outs(kind: ResourceKind<object>, inputs: object): Record<string, unknown> {
    const values = plain(inputs) as Record<string, unknown>;
    return Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key,
        kind.secrets.includes(key) ? secret(value) : value,
      ]),
    );
  }
}

/** As Pulumi's host of providers wants to be told of what exists and is not as it should be. */
const unfinished = (error: Error, id: string, properties: object): Error =>
  Object.assign(error, { id, properties, reasons: [error.message] });

/** Of an operator's error, and of Ctrl-C, the message is enough: Pulumi prints the stack of any other. */
async function said<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof NodeError || (error as Error).name === "AbortError") {
      (error as Error).stack = (error as Error).message;
    }
    throw error;
  }
}
