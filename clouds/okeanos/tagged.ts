import type { TaggedResource } from "../cloud-api";
import type { OkeanosClient } from "./client";
import { allNetworks, removeNetwork } from "./networks";
import { OkeanosServers, OWNER } from "./servers";

/**
 * Returns the servers and networks with `tag`, in the order in which they can be deleted. The tag of a server is in its
 * metadata, and the tag of a network is in its name. Public addresses cannot have a tag.
 *
 * @throws NodeError
 */
export async function okeanosTaggedResources(
  okeanos: OkeanosClient,
  tag: string,
): Promise<TaggedResource[]> {
  const servers = new OkeanosServers(okeanos);
  const [byCompute, byNetwork] = await Promise.all([servers.all(), allNetworks(okeanos)]);
  const nodeOf = (text = ""): string | null =>
    text.startsWith(`${tag} `) ? text.slice(tag.length + 1) : null;
  return [
    ...byCompute.flatMap(({ id: number, metadata }): TaggedResource[] => {
      const node = nodeOf(metadata[OWNER]);
      if (node === null) return [];
      const id = String(number);
      return [
        { kind: "server", type: "pbx:okeanos:Server", id, node, remove: () => servers.delete(id) },
      ];
    }),
    ...byNetwork.flatMap(({ id, name }): TaggedResource[] => {
      const node = nodeOf(name);
      if (node === null) return [];
      return [
        {
          kind: "network",
          type: "pbx:okeanos:Network",
          id,
          node,
          remove: () => removeNetwork(okeanos, id),
        },
      ];
    }),
  ];
}
