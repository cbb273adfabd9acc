import type { OkeanosClient } from "../../clouds/okeanos/client";
import { IncompleteResource } from "../../clouds/okeanos/faults";
import {
  findNetwork,
  makeNetwork,
  makeSubnet,
  networksNamed,
  explainQuotaError,
  removeNetwork,
} from "../../clouds/okeanos/networks";
import { NodeError } from "../../core/errors";
import type { Logger } from "../../core/logger";
import type { OkeanosNetworkInputs } from "../inputs";
import type { ResourceChange, ResourceHandler } from "../resource-handler";

interface State extends OkeanosNetworkInputs {
  readonly unfinished?: boolean;
}

/** Handles a private network with its subnet. They are one resource, because Okeanos deletes them only together. */
export class OkeanosNetworkHandler implements ResourceHandler<State> {
  readonly secrets = [] as const;
  readonly required = ["name", "cidr"] as const;
  readonly given = ["subnetId"] as const;

  constructor(
    private readonly okeanos: () => OkeanosClient,
    private readonly signal: AbortSignal,
  ) {}

  diff(olds: State, news: OkeanosNetworkInputs): ResourceChange {
    const changedProperties = (["name", "project", "cidr"] as const).filter(
      (key) => olds[key] !== news[key],
    );
    if (olds.unfinished === true)
      return { kind: "replace", changedProperties: ["name"], impact: [] };
    return {
      kind: changedProperties.length === 0 ? "none" : "replace",
      changedProperties,
      impact: [],
    };
  }

  async create(
    { name, project, cidr }: OkeanosNetworkInputs,
    log: Logger,
  ): Promise<{ id: string; outs: { subnetId: string } }> {
    const okeanos = this.okeanos();
    for (const { id } of await networksNamed(okeanos, name)) {
      log.status(`removing network ${id}, which an interrupted update left behind`);
      await removeNetwork(okeanos, id, this.signal);
    }
    const { id } = await makeNetwork(okeanos, name, project).catch((error: unknown) => {
      throw explainQuotaError("trunk", "a private network", error);
    });
    try {
      const subnet = await makeSubnet(okeanos, id, cidr);
      return { id, outs: { subnetId: subnet.id } };
    } catch (error) {
      try {
        await removeNetwork(okeanos, id, this.signal);
      } catch {
        throw new IncompleteResource("trunk", `network ${id} has no subnet`, id);
      }
      throw error instanceof NodeError ? error : new NodeError("trunk", String(error));
    }
  }

  update(): Promise<void> {
    return Promise.resolve();
  }

  async read(state: State, _log: Logger, id: string): Promise<State | null> {
    return (await findNetwork(this.okeanos(), id)) === undefined ? null : state;
  }

  async delete(_state: State, _log: Logger, id: string): Promise<void> {
    await removeNetwork(this.okeanos(), id, this.signal);
  }
}
