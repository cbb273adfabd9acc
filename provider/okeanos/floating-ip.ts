import { isDeepStrictEqual } from "node:util";
import { findPool } from "../../clouds/okeanos/catalogue";
import type { OkeanosClient } from "../../clouds/okeanos/client";
import {
  type Address,
  allocate,
  findAddress,
  release,
  unusedAddresses,
} from "../../clouds/okeanos/floating-ips";
import { explainQuotaError } from "../../clouds/okeanos/networks";
import type { Logger } from "../../core/logger";
import type { OkeanosFloatingIpInputs } from "../inputs";
import type { ResourceChange, ResourceHandler } from "../resource-handler";

interface State extends OkeanosFloatingIpInputs {
  readonly address: string;
  /** Whether the project already had the address. Such an address is kept when the resource is deleted. */
  readonly found: boolean;
}

export class OkeanosFloatingIpHandler implements ResourceHandler<OkeanosFloatingIpInputs> {
  readonly secrets = [] as const;
  readonly required = ["name", "pool", "reuse"] as const;
  readonly given = ["address", "found"] as const;
  /** Last `take` in the queue. Runs of `take` must not overlap: a new address looks unused until it is in `taken`. */
  private turn: Promise<unknown> = Promise.resolve();
  /** IDs of the addresses that this run has selected. They are listed as unused until a server uses them. */
  private readonly taken = new Set<string>();

  constructor(
    private readonly okeanos: () => OkeanosClient,
    private readonly signal: AbortSignal,
  ) {}

  diff(olds: OkeanosFloatingIpInputs, news: OkeanosFloatingIpInputs): ResourceChange {
    const changedProperties = (["pool", "project"] as const).filter(
      (key) => !isDeepStrictEqual(olds[key], news[key]),
    );
    return {
      kind: changedProperties.length === 0 ? "none" : "replace",
      changedProperties,
      impact: [],
    };
  }

  async create(
    inputs: OkeanosFloatingIpInputs,
  ): Promise<{ id: string; outs: Pick<State, "address" | "found"> }> {
    const mine = this.turn.then(() => this.take(inputs));
    this.turn = mine.catch(() => undefined);
    const { address, found } = await mine;
    return {
      id: address.id,
      outs: { address: address.floating_ip_address, found },
    };
  }

  update(): Promise<void> {
    return Promise.resolve();
  }

  async read(
    state: OkeanosFloatingIpInputs,
    _log: Logger,
    id: string,
  ): Promise<OkeanosFloatingIpInputs | null> {
    return (await findAddress(this.okeanos(), id)) === undefined ? null : state;
  }

  async delete(state: OkeanosFloatingIpInputs, _log: Logger, id: string): Promise<void> {
    if ((state as State).found) return;
    await release(this.okeanos(), id, this.signal);
  }

  private async take({
    name,
    pool: wanted,
    project,
    reuse,
    reserved,
  }: OkeanosFloatingIpInputs): Promise<{ address: Address; found: boolean }> {
    const okeanos = this.okeanos();
    const pool = await findPool(okeanos, wanted);
    if (reuse) {
      const owner = project ?? (await okeanos.user());
      const free = (await unusedAddresses(okeanos, owner, reserved)).find(
        (address) => address.floating_network_id === pool && !this.taken.has(address.id),
      );
      if (free !== undefined) {
        this.taken.add(free.id);
        return { address: free, found: true };
      }
    }
    try {
      const address = await allocate(okeanos, pool, project);
      this.taken.add(address.id);
      return { address, found: false };
    } catch (error) {
      throw explainQuotaError(name, "a public address", error);
    }
  }
}
