import { rm } from "node:fs/promises";
import { join } from "node:path";
import { controllerFiles, zoneFiles } from "../../../components/node-files";
import type { Settings } from "../../../config/schema";
import { SIP_PORT } from "../../../core/ports";
import { type Call, CallRefused } from "../../../phones/call";
import { connect } from "../../../phones/connect";
import { sipOptions } from "../../../phones/options";
import { Phone, type PhoneOptions } from "../../../phones/phone";
import {
  type ExchangePlan as Plan,
  type NodePlan,
  planExchange,
} from "../../../plan/exchange-plan";
import type { Access } from "../../../ssh/access";
import type { NodeFile } from "../../../templates/node-file";
import { RawPhone } from "../../support/raw-phone";
import { SipConnection } from "../../support/raw-sip";
import { STACK, settingsWith } from "../../support/settings";
import { Controller } from "./controller";
import { dialFrom } from "./dial";
import { eventually } from "./eventually";
import { type Host, TestNetwork, newFolder, type Office, OPERATOR_CIDRS, PUBLIC } from "./network";
import type { TestServer, ServerPlace } from "./server";
import { type LogRecord, TestZone, type ZoneKind } from "./zone";

export type { ZoneKind };
export const CHAN_SIP_16: ZoneKind = { image: "pbx-asterisk-16", sipDriver: "chan_sip" };
export const PJSIP_16: ZoneKind = { image: "pbx-asterisk-16", sipDriver: "pjsip" };
export const PJSIP_22: ZoneKind = { image: "pbx-asterisk-22", sipDriver: "pjsip" };

/** Kinds of zones that most tests run with: each driver and each version of Asterisk. */
export const KINDS = [
  {
    name: "pjsip on Asterisk 22",
    kind: PJSIP_22,
    usersFile: {
      name: "users.sql",
      user: /^\('(\d+)', /gm,
      fault: "INSERT INTO users VALUES ('1001', NULL, 'twice');",
      message: "UNIQUE constraint failed: users.extension",
    },
  },
  {
    name: "chan_sip on Asterisk 16",
    kind: CHAN_SIP_16,
    usersFile: {
      name: "sip.conf",
      user: /^\[(\d+)\]\(user\)$/gm,
      fault: "[1001](no-such-template)",
      message: "category 'no-such-template' does not exist",
    },
  },
];

/** Values of the stack's configuration, by key without `pbx:`. */
export type Configuration = Readonly<Record<string, unknown>>;

export interface ExchangeOptions {
  readonly zones: readonly ZoneKind[];
  readonly configuration?: Configuration;
  /** Maximum number of connections that HAProxy accepts; 1,500 by default, which is more than one zone takes. */
  readonly connections?: number;
}

/** Options of a phone. The defaults are the correct password and `office1`. */
export type TestPhoneOptions = Omit<PhoneOptions, "account" | "namespace"> & {
  readonly secret?: string;
  readonly office?: Office;
};

/** Timeout of the start of an exchange, in milliseconds. The first start may have to build the images. */
export const IMAGES_DEADLINE = 15 * 60_000;
/** Timeout of a test on a busy machine with two cores, in milliseconds. */
export const TEST_DEADLINE = 60_000;

/**
 * Deadline for each of two steps, in seconds: a zone enters the rotation, and its trunk comes up. The deadline is long,
 * because several Asterisks share the cores of a small machine.
 */
const START = 50;
/** Deadline for HAProxy and all other zones to notice a dead zone, in seconds. They check at least every 5 s. */
const MISSED = 15;
/**
 * Returns whether a log record shows a standstill of the machine. During a standstill, all processes pause for seconds.
 * Then Asterisk logs that a trunk peer is slow or unreachable.
 */
const showsStandstill = ({ source, message }: LogRecord): boolean =>
  source === "chan_iax2.c" && /is now TOO LAGGED|is now UNREACHABLE! Time: [1-9]/.test(message);
/** Maximum age, in milliseconds, of a log record that shows a standstill. */
const JUST_NOW = 10_000;
/** Deadline for a phone to receive media, in seconds. */
const HEAR = 5;
/** Number of 20 ms packets. A larger number of received packets proves that media flows. */
const PACKETS_HEARD = 10;
export const USERS = [
  { extension: "1001", name: "Alice" },
  { extension: "1002", name: "Bob" },
  { range: "1003-1009" },
];
/** Default configuration of every exchange. */
export const BASE: Configuration = { users: USERS, operatorCidrs: OPERATOR_CIDRS };

/** Returns the host of a node. Its floating IP has the same last byte as its fixed IP. */
const hostOf = ({ name, fixedIp }: NodePlan): Host => ({
  name,
  fixedIp,
  address: fixedIp.replace(/^.*(?=\.)/, PUBLIC),
});

/**
 * Complete exchange on this machine. The code of the Pulumi program makes the plan and the files. Asterisk and HAProxy
 * run from the golden images. Between phones and nodes, a router translates addresses as the cloud's router does.
 */
export class Exchange {
  private readonly phones = new Set<Phone>();
  readonly zones: TestZone[] = [];
  private balancer: Controller | null = null;

  private constructor(
    readonly network: TestNetwork,
    /** Private folder, which `close` removes. */
    readonly folder: string,
    /** Plan that the Pulumi program makes from the current configuration. */
    private currentPlan: Plan,
  ) {}

  /** Starts an exchange, and waits until all its zones serve. */
  static async start({
    zones: kinds,
    configuration = {},
    connections = 1_500,
  }: ExchangeOptions): Promise<Exchange> {
    const settings = settingsWith({ ...BASE, zones: kinds.length, ...configuration });
    const plan = planExchange(settings, STACK);
    const hosts = [plan.controller, ...plan.zones].map(hostOf);
    const network = await TestNetwork.create(hosts, plan.controller.name);
    const exchange = new Exchange(network, await newFolder(), plan);
    try {
      for (const kind of kinds) await exchange.prepareZone(kind);
      exchange.balancer = await Controller.create(
        exchange.filesOfController(plan, settings),
        exchange.place(plan.controller),
        connections,
      );
      await Promise.all([...exchange.zones, exchange.balancer].map((server) => server.boot()));
      await exchange.serving();
      return exchange;
    } catch (error) {
      await exchange.close();
      throw error;
    }
  }

  get plan(): Plan {
    return this.currentPlan;
  }

  /** Replaces the plan, and starts the servers of additional zones. */
  async adopt(plan: Plan, kind: ZoneKind): Promise<void> {
    this.currentPlan = plan;
    for (const zonePlan of plan.zones.slice(this.zones.length)) {
      await this.network.attach(hostOf(zonePlan));
      const zone = await this.prepareZone(kind);
      await zone.boot();
    }
  }

  async deleteServer(name: string): Promise<void> {
    const zone = this.zone(name);
    await zone.remove();
    this.zones.splice(this.zones.indexOf(zone), 1);
    await this.network.detach(name);
  }

  filesOfController(plan: Plan, settings: Settings): NodeFile[] {
    const { balance, connectTimeout, idleTimeout } = settings;
    return controllerFiles(plan, { balance, connectTimeout, idleTimeout });
  }

  filesOfZone(plan: Plan, name: string, { sipDriver }: ZoneKind): NodeFile[] {
    const zone = plan.zones.find((candidate) => candidate.name === name);
    if (zone === undefined) throw new Error(`the plan has no ${name}`);
    return zoneFiles({ ...plan, sipDriver }, zone, {
      controllerAddress: this.controllerAddress,
      address: hostOf(zone).address,
    });
  }

  /** Returns the server ID of a node. A new server of the node has a new ID. */
  serverId(node: string): string {
    return this.serverOf(node).id;
  }

  /** Access to the nodes, in the form that the Pulumi program passes to the provider. */
  get access(): Access {
    const { accessKey, controller } = this.plan;
    return {
      privateKey: accessKey.privateKey,
      controllerAddress: this.controllerAddress,
      controllerHostKey: controller.sshHostKey.publicKey,
    };
  }

  get controllerAddress(): string {
    return hostOf(this.plan.controller).address;
  }

  /** Creates the next zone of the plan, without booting it. */
  private async prepareZone(kind: ZoneKind): Promise<TestZone> {
    const next = this.plan.zones[this.zones.length];
    if (next === undefined) throw new Error("the plan has too few zones");
    const files = this.filesOfZone(this.plan, next.name, kind);
    const zone = await TestZone.create(kind, files, this.place(next));
    this.zones.push(zone);
    return zone;
  }

  private place({ name, sshHostKey }: NodePlan): ServerPlace {
    const folder = join(this.folder, name);
    return { name, namespace: this.network.namespace(name), folder, sshHostKey };
  }

  /** Waits until every zone is in the rotation and its trunk is up. Before that, calls may fail. */
  async serving(): Promise<void> {
    for (const zone of this.zones) {
      await eventually(`${zone.name} in the rotation`, START, async () =>
        (await this.controller.status(zone.name)) === "UP" ? true : null,
      );
      await eventually(`the trunk of ${zone.name}`, START, async () =>
        (await zone.trunkIsUp(this.zones.length - 1)) ? true : null,
      );
    }
  }

  /**
   * Waits until HAProxy and the other zones have noticed that a zone does not answer. A test must not start the zone
   * again earlier. Otherwise HAProxy and the other zones may still consider the zone up. Then `serving` returns
   * immediately, and calls fail later, when the interruption is noticed.
   */
  async noticedAsDown(name: string): Promise<void> {
    const others = this.zones.filter((zone) => zone.name !== name);
    await Promise.all([
      eventually(`${name} DOWN in HAProxy`, MISSED, async () =>
        (await this.controller.status(name)) === "DOWN" ? true : null,
      ),
      ...others.map((zone) =>
        eventually(`${name} away from the trunk of ${zone.name}`, MISSED, async () =>
          (await zone.trunkIsUp(others.length)) ? null : true,
        ),
      ),
    ]);
  }

  get controller(): Controller {
    if (this.balancer === null) throw new Error("the exchange was not started");
    return this.balancer;
  }

  /** Returns the server of the controller or of a zone. */
  serverOf(node: string): TestServer {
    return node === this.plan.controller.name ? this.controller : this.zone(node);
  }

  zone(name: string): TestZone {
    const zone = this.zones.find((candidate) => candidate.name === name);
    if (zone === undefined) throw new Error(`the exchange has no ${name}`);
    return zone;
  }

  /** Sends an OPTIONS request from an office to the controller, and returns the status code. */
  options(office: Office = "office1"): Promise<number> {
    return sipOptions(this.controllerAddress, { namespace: this.network.namespace(office) });
  }

  /** Starts a phone and begins its registration with `secret`; by default with the correct password. */
  async phone(extension: string, options: TestPhoneOptions = {}): Promise<Phone> {
    const { secret = this.secretOf(extension), office = "office1", ...others } = options;
    const phone = await Phone.start({
      account: { extension, secret, server: this.controllerAddress, transport: "tcp" },
      namespace: this.network.namespace(office),
      ...others,
    });
    this.phones.add(phone);
    return phone;
  }

  /** Returns the password of a user in the current plan; empty if the plan has no such user. */
  secretOf(extension: string): string {
    return this.plan.users.find((user) => user.extension === extension)?.secret ?? "";
  }

  async registeredPhone(extension: string, options: TestPhoneOptions = {}): Promise<Phone> {
    return (await this.phone(extension, options)).registered();
  }

  /** Starts a phone, and waits until it is registered in the zone `name`. */
  phoneIn(name: string, extension: string, options: TestPhoneOptions = {}): Promise<Phone> {
    return this.aloneInRotation(name, () => this.registeredPhone(extension, options));
  }

  /** Registers a phone without media in the zone `name`. */
  async rawPhoneIn(name: string, extension: string, office: Office = "office1"): Promise<RawPhone> {
    return this.aloneInRotation(name, async () => {
      const phone = await this.unregisteredPhone(extension, office);
      const { startLine, status } = await phone.register();
      if (status !== 200) throw new Error(`registration of ${extension}: ${startLine}`);
      return phone;
    });
  }

  /** Connects a phone without media, and does not register it. */
  async unregisteredPhone(extension: string, office: Office = "office1"): Promise<RawPhone> {
    const dial = dialFrom(this.network.namespace(office));
    const connection = new SipConnection(await dial(this.controllerAddress, SIP_PORT));
    const account = { extension, secret: this.secretOf(extension) };
    return new RawPhone(connection, this.controllerAddress, account);
  }

  /** Runs `work` while HAProxy forwards new connections only to the zone `name`. */
  private async aloneInRotation<T>(name: string, work: () => Promise<T>): Promise<T> {
    const others = this.zones.filter((zone) => zone.name !== name);
    const set = async (state: "drain" | "ready"): Promise<void> => {
      for (const zone of others) {
        await this.controller.admin(`set server nodes/${zone.name} state ${state}`);
      }
    };
    await set("drain");
    try {
      return await work();
    } finally {
      await set("ready");
    }
  }

  /** Returns the names of the zones where a phone of `extension` is registered. */
  async zonesOf(extension: string): Promise<string[]> {
    const found: string[] = [];
    for (const zone of this.zones) {
      if ((await zone.registered()).includes(extension)) found.push(zone.name);
    }
    return found;
  }

  /**
   * Calls, and returns both ends of the established call. If the call got a 480 and the machine has stood still, calls
   * once more.
   *
   * @throws Error with the state of each zone and the end of its log; CallRefused if the second call is refused.
   */
  async connect(caller: Phone, callee: Phone): Promise<[Call, Call]> {
    try {
      return await connect(caller, callee);
    } catch (error) {
      const states = await Promise.all(this.zones.map((zone) => zone.report().catch(String)));
      const report = [(error as Error).message, ...states].join("\n\n");
      const isGone = error instanceof CallRefused && error.message.startsWith("480");
      if (!isGone || !(await this.stoodStill())) throw new Error(report, { cause: error });
      console.warn(report);
      await this.serving();
      await callee.registered();
      return connect(caller, callee);
    }
  }

  /** Returns whether the log of a zone shows that the machine has just stood still. */
  private async stoodStill(): Promise<boolean> {
    const logs = await Promise.all(this.zones.map((zone) => zone.logSince(JUST_NOW)));
    return logs.flat().some(showsStandstill);
  }

  /** Waits until all given phones have received media in their calls. */
  async hear(...phones: readonly Phone[]): Promise<void> {
    for (const phone of phones) {
      await eventually(`media for ${phone.account.extension}`, HEAR, async () =>
        ((await phone.currentCall?.counters())?.received ?? 0) > PACKETS_HEARD ? true : null,
      ).catch(async (error: unknown) => {
        throw new Error(`${(error as Error).message}\n${await this.mediaOf(phones)}`);
      });
    }
  }

  /** Returns the counters of the phones' calls, and the UDP sockets of the zones. */
  private async mediaOf(phones: readonly Phone[]): Promise<string> {
    const counters = phones.map(async (phone) =>
      JSON.stringify([phone.account.extension, await phone.currentCall?.counters()]),
    );
    const sockets = this.zones.map((zone) => zone.inside(["ss", "-Hunap"]));
    return (await Promise.all([...counters, ...sockets])).join("\n");
  }

  /** Returns the number of call ends on the trunk: two for each call between two zones. */
  async trunkCalls(): Promise<number> {
    const ends = await Promise.all(this.zones.map((zone) => zone.trunkCalls()));
    return ends.reduce((sum, count) => sum + count, 0);
  }

  /** Closes all phones except those in `stay`. */
  async closePhones(...stay: readonly Phone[]): Promise<void> {
    const going = [...this.phones].filter((phone) => !stay.includes(phone));
    for (const phone of going) this.phones.delete(phone);
    await Promise.all(going.map((phone) => phone.close()));
  }

  /** Ends the phones and servers of this exchange, and removes its namespaces and files. */
  async close(): Promise<void> {
    await this.closePhones();
    const servers = [...this.zones, ...(this.balancer === null ? [] : [this.balancer])];
    await Promise.all(servers.map((server) => server.remove()));
    await this.network.remove();
    await rm(this.folder, { recursive: true, force: true });
  }
}
