import type { Clock } from "./clock";
import type { Action, CloudState, Job, PersonalityFile, ServerRecord } from "./cloud-state";

/** Properties of the real machine behind a server. */
export interface Machine {
  readonly id: number;
  readonly name: string;
  readonly image: string;
  readonly flavor: string;
  readonly nics: readonly {
    readonly networkId: number;
    readonly public: boolean;
    readonly mac: string;
    readonly address: string;
    /** CIDR of the subnet that the address belongs to. */
    readonly cidr: string;
    readonly gateway: string | null;
  }[];
  readonly personality: readonly PersonalityFile[];
  readonly userData: string | null;
  readonly publicKeys: readonly string[];
}

/**
 * Control of the real machines behind the servers. A job ends when the returned promise is settled. If the promise is
 * rejected, the server gets the state ERROR.
 */
export interface Hypervisor {
  start(machine: Machine): Promise<void>;
  stop(machine: Machine): Promise<void>;
  destroy(machine: Machine): Promise<void>;
}

/** Ganeti cluster, which runs the jobs of servers. The jobs of one server run one after the other. */
export class Cluster {
  private readonly queues = new Map<number, (() => void)[]>();

  constructor(
    private readonly cloudState: CloudState,
    private readonly clock: Clock,
    private readonly hypervisor: Hypervisor | undefined,
  ) {}

  /**
   * Submits a job, which starts when all earlier jobs of the server are done. After `duration` milliseconds, the job
   * applies the action to the real machine. Then the job calls `effect`, unless the machine fails.
   */
  submit(server: ServerRecord, action: Action, duration: number, effect: () => void): void {
    const job: Job = { action, since: this.clock.now() };
    server.task = job;
    const finish = (failed: boolean): void => {
      if (failed) {
        server.state = "ERROR";
      } else {
        effect();
      }
      server.updated = this.clock.stamp();
      if (server.task === job) {
        server.task = null;
      }
      this.next(server);
    };
    this.enqueue(server, () => {
      this.clock.after(duration, () => {
        const powered = this.power(server, action);
        if (powered === undefined) {
          finish(false);
        } else {
          powered.then(
            () => {
              finish(false);
            },
            () => {
              finish(true);
            },
          );
        }
      });
    });
  }

  private enqueue(server: ServerRecord, start: () => void): void {
    const queue = this.queues.get(server.id);
    if (queue === undefined) {
      this.queues.set(server.id, []);
      start();
    } else {
      queue.push(start);
    }
  }

  private next(server: ServerRecord): void {
    const start = this.queues.get(server.id)?.shift();
    if (start === undefined) {
      this.queues.delete(server.id);
    } else {
      start();
    }
  }

  /** Applies the action to the real machine. Returns undefined if there is nothing to wait for. */
  private power(server: ServerRecord, action: Action): Promise<void> | undefined {
    const { hypervisor } = this;
    if (hypervisor === undefined || server.state === "DESTROYED") {
      return undefined;
    }
    const machine = this.machine(server);
    switch (action) {
      case "BUILD":
      case "START":
        return hypervisor.start(machine);
      case "STOP":
        return hypervisor.stop(machine);
      case "REBOOT":
        return hypervisor.stop(machine).then(() => hypervisor.start(machine));
      case "DESTROY":
        return hypervisor.destroy(machine);
      case "CONNECT":
      case "DISCONNECT":
      case "RESIZE":
        return undefined;
    }
  }

  private machine(server: ServerRecord): Machine {
    const { flavors, images, networks, ports, subnets, keyPairs } = this.cloudState;
    return {
      id: server.id,
      name: server.name,
      image: images.get(server.imageId)?.name ?? "",
      flavor: flavors.get(server.flavorId)?.name ?? "",
      nics: [...ports.values()]
        .filter(({ serverId }) => serverId === server.id)
        .flatMap(({ networkId, mac, addresses }) =>
          addresses
            .filter(({ version }) => version === 4)
            .map(({ address, subnetId }) => ({
              networkId,
              public: networks.get(networkId)?.public ?? false,
              mac: mac ?? "",
              address,
              cidr: subnets.get(subnetId)?.cidr ?? "",
              gateway: subnets.get(subnetId)?.gateway ?? null,
            })),
        ),
      personality: server.personality,
      userData: server.userData,
      publicKeys: [...keyPairs.values()]
        .filter(({ userId, name }) => userId === server.userId && server.keyNames.includes(name))
        .map(({ publicKey }) => publicKey),
    };
  }
}
