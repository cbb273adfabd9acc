import { rm } from "node:fs/promises";
import { join } from "node:path";
import { RTP_PORTS } from "../../../components/ports";
import type { Call } from "../../../phones/call";
import { sipOptions } from "../../../phones/options";
import { Phone, type PhoneOptions } from "../../../phones/phone";
import { planExchange } from "../../../plan/exchange";
import type { Balance, SipDriver } from "../../../templates/context";
import { settingsWith } from "../../support/settings";
import { Controller } from "./controller";
import { eventually } from "./eventually";
import { type Host, Network, newFolder, type Office, PUBLIC } from "./network";
import type { Image } from "./rootfs";
import { ensureTools } from "./tools";
import { Zone } from "./zone";

export interface ZoneKind {
  readonly image: Exclude<Image, "pbx-controller">;
  readonly sipDriver: SipDriver;
}

export const CHAN_SIP_16: ZoneKind = { image: "pbx-asterisk-16", sipDriver: "chan_sip" };
export const PJSIP_16: ZoneKind = { image: "pbx-asterisk-16", sipDriver: "pjsip" };
export const PJSIP_22: ZoneKind = { image: "pbx-asterisk-22", sipDriver: "pjsip" };

export interface ExchangeOptions {
  readonly zones: readonly ZoneKind[];
  readonly balance?: Balance;
}

/** The right password by default, and `office1`. */
export type TestPhoneOptions = Omit<PhoneOptions, "account" | "namespace"> & {
  readonly secret?: string;
  readonly office?: Office;
};

/** Milliseconds for the first start of an exchange, which may have to build the images. */
export const IMAGES_DEADLINE = 15 * 60_000;
/** Milliseconds for anything else, on a busy machine with two cores. */
export const TEST_DEADLINE = 60_000;

/** How long a start may take, in seconds: several Asterisks share the cores of a small machine. */
const START = 30;
/** How long media may take to flow, in seconds, and how many packets of 20 ms show that it does. */
const HEAR = 5;
const PACKETS_HEARD = 10;
const USERS = [
  { extension: "1001", name: "Alice" },
  { extension: "1002", name: "Bob" },
  { range: "1003-1009" },
];

/**
 * A whole exchange on this machine: the program's own plan and files, the golden images' Asterisk and
 * HAProxy, phones on the other side of a router that translates addresses as the cloud's does.
 */
export class Exchange {
  private readonly phones = new Set<Phone>();
  readonly zones: Zone[] = [];
  private balancer: Controller | null = null;
  controllerAddress = "";

  private constructor(
    readonly network: Network,
    /** Private; removed when the exchange is closed. */
    readonly folder: string,
    private readonly secrets: ReadonlyMap<string, string>,
  ) {}

  /** Starts an exchange, and waits until it serves. */
  static async start({ zones, balance = "roundrobin" }: ExchangeOptions): Promise<Exchange> {
    await ensureTools();
    const plan = planExchange(settingsWith({ zones: zones.length, users: USERS, balance }));
    const host = ({ name, fixedIp }: { name: string; fixedIp: string }, number: number): Host => ({
      name,
      fixedIp,
      address: `${PUBLIC}.${String(10 + number)}`,
    });
    const controller = host(plan.controller, 0);
    const hosts = [controller, ...plan.zones.map((zone, index) => host(zone, index + 1))];
    const network = await Network.create(hosts, controller.name);
    const folder = await newFolder();
    const secrets = new Map(plan.users.map(({ extension, secret }) => [extension, secret]));
    const exchange = new Exchange(network, folder, secrets);
    const place = (name: string): { namespace: string; folder: string } => ({
      namespace: network.namespace(name),
      folder: join(folder, name),
    });
    try {
      exchange.controllerAddress = controller.address;
      for (const [index, kind] of zones.entries()) {
        const zone = plan.zones[index];
        if (zone === undefined) throw new Error("the plan has too few zones");
        const context = {
          name: zone.name,
          sipDriver: kind.sipDriver,
          codecs: [...plan.codecs],
          controllerAddress: controller.address,
          controllerFixedIp: controller.fixedIp,
          address: hosts[index + 1]?.address ?? "",
          fixedIp: zone.fixedIp,
          rtpPorts: RTP_PORTS,
          users: [...plan.users],
          trunkPeers: [...zone.trunkPeers],
        };
        exchange.zones.push(await Zone.create(kind.image, context, place(zone.name)));
      }
      exchange.balancer = await Controller.create(
        { balance, connectTimeout: 5, idleTimeout: 3600, zones: plan.zones.map(({ name, fixedIp }) => ({ name, fixedIp })) },
        place(controller.name),
      );
      for (const zone of exchange.zones) zone.boot();
      exchange.controller.boot();
      await exchange.serving();
      return exchange;
    } catch (error) {
      await exchange.close();
      throw error;
    }
  }

  /** Waits until every zone is in the rotation and its trunk is up: earlier calls would fail. */
  async serving(): Promise<void> {
    for (const zone of this.zones) {
      await eventually(`${zone.name} in the rotation`, START, async () =>
        (await this.controller.status(zone.name)) === "UP" ? true : null,
      );
      await eventually(`the trunk of ${zone.name}`, START, async () =>
        (await zone.trunkIsUp()) ? true : null,
      );
    }
  }

  get controller(): Controller {
    if (this.balancer === null) throw new Error("the exchange was not started");
    return this.balancer;
  }

  zone(name: string): Zone {
    const zone = this.zones.find((candidate) => candidate.name === name);
    if (zone === undefined) throw new Error(`the exchange has no ${name}`);
    return zone;
  }

  /** Status of an OPTIONS request from the phones' side. */
  options(office: Office = "office1"): Promise<number> {
    return sipOptions(this.controllerAddress, { namespace: this.network.namespace(office) });
  }

  /** A phone that has the right password, or `secret`, and has begun to register. */
  async phone(extension: string, options: TestPhoneOptions = {}): Promise<Phone> {
    const { secret = this.secrets.get(extension) ?? "", office = "office1", ...others } = options;
    const phone = await Phone.start({
      account: { extension, secret, server: this.controllerAddress, transport: "tcp" },
      namespace: this.network.namespace(office),
      ...others,
    });
    this.phones.add(phone);
    return phone;
  }

  /** A registered phone. */
  async registeredPhone(extension: string, options: TestPhoneOptions = {}): Promise<Phone> {
    return (await this.phone(extension, options)).registered();
  }

  /** A phone registered in the zone `name`, which gets it by being alone in the rotation. */
  async phoneIn(name: string, extension: string, options: TestPhoneOptions = {}): Promise<Phone> {
    const others = this.zones.filter((zone) => zone.name !== name);
    const set = async (state: "drain" | "ready"): Promise<void> => {
      for (const zone of others) {
        await this.controller.admin(`set server nodes/${zone.name} state ${state}`);
      }
    };
    await set("drain");
    try {
      return await this.registeredPhone(extension, options);
    } finally {
      await set("ready");
    }
  }

  /** Names of the zones where a phone of `extension` is registered. */
  async whereabouts(extension: string): Promise<string[]> {
    const found: string[] = [];
    for (const zone of this.zones) {
      if ((await zone.registered()).includes(extension)) found.push(zone.name);
    }
    return found;
  }

  /** Calls, and gives both ends of the established call. */
  async connect(caller: Phone, callee: Phone): Promise<[Call, Call]> {
    const ringing = callee.nextCall();
    ringing.catch(() => undefined); // the caller's side says why
    const outgoing = await caller.call(callee.account.extension);
    await outgoing.established;
    const incoming = await ringing;
    await incoming.established;
    return [outgoing, incoming];
  }

  /** Waits until both phones of a call hear something. */
  async hear(...phones: readonly Phone[]): Promise<void> {
    for (const phone of phones) {
      await eventually(`media for ${phone.account.extension}`, HEAR, async () =>
        ((await phone.currentCall?.counters())?.received ?? 0) > PACKETS_HEARD ? true : null,
      );
    }
  }

  /** How many ends of calls there are on the trunk: two for each call. */
  async trunkCalls(): Promise<number> {
    const ends = await Promise.all(this.zones.map((zone) => zone.trunkCalls()));
    return ends.reduce((sum, count) => sum + count, 0);
  }

  /** Puts all phones down. */
  async quiet(): Promise<void> {
    await Promise.all([...this.phones].map((phone) => phone.close()));
    this.phones.clear();
  }

  /** Ends every process and removes every namespace and file of this exchange. */
  async close(): Promise<void> {
    await this.quiet();
    const servers = [...this.zones, ...(this.balancer === null ? [] : [this.balancer])];
    await Promise.all(servers.map((server) => server.remove()));
    await this.network.remove();
    await rm(this.folder, { recursive: true, force: true });
  }
}
