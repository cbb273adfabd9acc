import { packFiles } from "../../../components/packed-files";
import { zoneHost } from "../../../components/zone-host";
import type { Settings } from "../../../config/schema";
import { all } from "../../../core/command";
import type { Logger } from "../../../core/logger";
import { type ExchangePlan as Plan, planExchange } from "../../../plan/exchange-plan";
import { type NodeConfigInputs, type ZoneMembershipInputs } from "../../../provider/inputs";
import { PbxResourceProvider } from "../../../provider/provider";
import { plain } from "../../../provider/wire";
import { CONTROLLER, type ZoneHost } from "../../../ssh/access";
import { Connections } from "../../../ssh/connections";
import type { NodeFile } from "../../../templates/node-file";
import { STACK, settingsWith } from "../../support/settings";
import { dialFrom } from "./dial";
import { BASE, type Configuration, type Exchange, type ZoneKind } from "./exchange";
import { OPERATOR } from "./network";

type Kind = "NodeConfig" | "ZoneMembership";
type Inputs = Record<string, unknown>;

/** Resource of the project's own provider in Pulumi's state. */
interface Resource {
  readonly kind: Kind;
  readonly id: string;
  readonly outputs: Inputs;
}

/** Lines of the provider's logger: progress, and messages that stay in Pulumi's output. */
export interface Transcript {
  readonly progress: string[];
  readonly messages: string[];
}

/** Desired resources of the project's own provider, by URN. */
type Wanted = ReadonlyMap<string, { readonly kind: Kind; readonly inputs: Inputs }>;

/** Error of an update that failed partway, with the properties that the update has applied. */
interface Failure {
  readonly properties?: Inputs;
}

/** Function that changes the files that the Pulumi program renders for a node. */
export type ChangeFiles = (node: string, files: NodeFile[]) => NodeFile[];

/**
 * Stack that does what `pulumi up` and `pulumi refresh` do with the resources of the project's own provider. Each run
 * follows Pulumi's order and has its own provider, as in Pulumi. Instead of the cloud, the exchange starts and ends
 * the servers.
 */
export class Stack {
  private readonly resources = new Map<string, Resource>();
  /** Transcript of the current run, or of the last one. */
  transcript: Transcript = { progress: [], messages: [] };

  private constructor(
    readonly exchange: Exchange,
    private readonly kind: ZoneKind,
    private configuration: Configuration,
  ) {}

  /** Creates the stack of an exchange that has just been started. */
  static async of(
    exchange: Exchange,
    kind: ZoneKind,
    configuration: Configuration = {},
  ): Promise<Stack> {
    const zones = exchange.zones.length;
    const stack = new Stack(exchange, kind, { ...BASE, zones, ...configuration });
    await stack.up();
    return stack;
  }

  /**
   * Sets keys of the configuration, and updates the stack.
   *
   * @throws the error of the first resource that failed, after the other resources of the same kind are updated.
   * Resources of later kinds are not updated.
   */
  async up(changes: Configuration = {}, tamper: ChangeFiles = (_, files) => files): Promise<void> {
    this.configuration = { ...this.configuration, ...changes };
    const settings = settingsWith(this.configuration);
    const plan = planExchange(settings, STACK);
    await this.exchange.adopt(plan, this.kind);
    await this.update(plan, this.wanted(plan, settings, tamper));
  }

  /**
   * Updates the stack with one more zone, whose server the cloud cannot build. Resources that need the server are not
   * created.
   */
  async upWithoutServer(): Promise<void> {
    const zones = this.exchange.zones.length + 1;
    const settings = settingsWith({ ...this.configuration, zones });
    const plan = planExchange(settings, STACK);
    const newest = `zone${String(zones)}`;
    const wanted = this.wanted(plan, settings, (_, files) => files, newest);
    await this.update(plan, wanted);
  }

  private async update(plan: Plan, wanted: Wanted): Promise<void> {
    await this.withProvider(async (provider) => {
      for (const [urn, { inputs }] of wanted) {
        const { failures } = await provider.check(urn, {}, inputs);
        if (failures !== undefined && failures.length > 0)
          throw new Error(JSON.stringify(failures));
      }
      for (const kind of ["NodeConfig", "ZoneMembership"] as const) {
        const ofKind = [...wanted].filter(([, resource]) => resource.kind === kind);
        await all(ofKind.map(([urn, { inputs }]) => this.apply(provider, urn, kind, inputs)));
      }
      for (const kind of ["ZoneMembership", "NodeConfig"] as const) {
        const unwanted = [...this.resources].filter(
          ([urn, resource]) => resource.kind === kind && !wanted.has(urn),
        );
        await all(
          unwanted.map(async ([urn, { id, outputs }]) => {
            await provider.delete(id, urn, outputs);
            this.resources.delete(urn);
          }),
        );
      }
    });
    for (const { name } of this.exchange.zones.slice(plan.zones.length).reverse()) {
      await this.exchange.deleteServer(name);
    }
  }

  /** Reads the real state, as `pulumi refresh` does. Returns the names of resources that have drifted. */
  async refresh(): Promise<string[]> {
    const drifted: string[] = [];
    await this.withProvider((provider) =>
      all(
        [...this.resources].map(async ([urn, resource]) => {
          const found = await provider.read(resource.id, urn, resource.outputs);
          const outputs = plain(found.props) as Inputs;
          const difference = await provider.diff(resource.id, urn, outputs, resource.outputs);
          if (difference.changes === true) drifted.push(urn.split("::").at(-1) ?? urn);
          this.resources.set(urn, { ...resource, outputs });
        }),
      ),
    );
    return drifted;
  }

  filesOf(node: string): string[] {
    const config = this.resources.get(urnOf("NodeConfig", node));
    return Object.keys(config?.outputs.files ?? {});
  }

  private async apply(
    provider: PbxResourceProvider,
    urn: string,
    kind: Kind,
    inputs: Inputs,
  ): Promise<void> {
    const known = this.resources.get(urn);
    if (known === undefined) {
      const created = await provider.create(urn, inputs);
      this.resources.set(urn, { kind, id: created.id, outputs: plain(created.outs) as Inputs });
      return;
    }
    const { changes } = await provider.diff(known.id, urn, known.outputs, inputs);
    if (changes !== true) return;
    try {
      const updated = await provider.update(known.id, urn, known.outputs, inputs);
      this.resources.set(urn, { ...known, outputs: plain(updated.outs) as Inputs });
    } catch (error) {
      const { properties } = error as Failure;
      if (properties !== undefined) {
        this.resources.set(urn, { ...known, outputs: plain(properties) as Inputs });
      }
      throw error;
    }
  }

  private wanted(plan: Plan, settings: Settings, tamper: ChangeFiles, unbuilt?: string): Wanted {
    const { exchange, kind } = this;
    const common = {
      access: exchange.access,
      drain: { timeout: settings.drainTimeout, force: settings.drainForce },
    };
    const zones = plan.zones.map(zoneHost);
    const built = zones.filter(({ name }) => name !== unbuilt);
    const config = (node: string, files: NodeFile[]): NodeConfigInputs => ({
      ...common,
      node,
      serverId: exchange.serverId(node),
      zones,
      ...packFiles(tamper(node, files), plan.digestKey),
    });
    const membership = (zone: ZoneHost): ZoneMembershipInputs => ({
      ...common,
      zone,
      serverId: exchange.serverId(zone.name),
      controllerId: exchange.serverId(CONTROLLER),
    });
    return new Map(
      [
        config(CONTROLLER, exchange.filesOfController(plan, settings)),
        ...built.map(({ name }) => config(name, exchange.filesOfZone(plan, name, kind))),
      ]
        .map((inputs) => entry("NodeConfig", inputs.node, inputs))
        .concat(built.map((zone) => entry("ZoneMembership", zone.name, membership(zone)))),
    );
  }

  private async withProvider(
    work: (provider: PbxResourceProvider) => Promise<unknown>,
  ): Promise<void> {
    const transcript: Transcript = (this.transcript = { progress: [], messages: [] });
    const log: Logger = {
      status: (line) => transcript.progress.push(line),
      info: (line) => transcript.messages.push(line),
      warn: (line) => transcript.messages.push(line),
    };
    const connections = new Connections(dialFrom(this.exchange.network.namespace(OPERATOR)));
    try {
      await work(new PbxResourceProvider(() => log, connections));
    } finally {
      connections.close();
    }
  }
}

const urnOf = (kind: Kind, name: string): string =>
  `urn:pulumi:test::trunkline::pbx:index:${kind}::${name}`;

const entry = (
  kind: Kind,
  name: string,
  inputs: object,
): [string, { kind: Kind; inputs: Inputs }] => [
  urnOf(kind, name),
  { kind, inputs: inputs as Inputs },
];
