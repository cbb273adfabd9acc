import { logIn } from "./identity";

/**
 * Returns all resources of the kinds that a deployment creates, as `kind id name` or `keypair name`, sorted. Tests
 * compare the lists from before and after a deployment, so other resources of the project do not matter.
 */
export async function inventory(): Promise<string[]> {
  const token = await logIn();
  const list = async (url: string, key: string): Promise<Record<string, unknown>[]> => {
    const response = await fetch(url, { headers: { "x-auth-token": token.id } });
    if (!response.ok) {
      throw new Error(`${url}: ${String(response.status)} ${await response.text()}`);
    }
    return ((await response.json()) as Record<string, Record<string, unknown>[]>)[key] ?? [];
  };
  const compute = token.endpoint("compute");
  const network = `${token.endpoint("network")}/v2.0`;
  const networking = ["networks", "subnets", "routers", "ports", "floatingips", "security-groups"];
  const lists = await Promise.all([
    // Nova lists a deleted server until its record is removed.
    list(`${compute}/servers/detail`, "servers").then((found) =>
      found
        .filter(({ status }) => status !== "DELETED")
        .map(({ id, name }) => `server ${String(id)} ${String(name)}`),
    ),
    list(`${compute}/os-keypairs`, "keypairs").then((found) =>
      found.map(({ keypair }) => `keypair ${String((keypair as { name: unknown }).name)}`),
    ),
    ...networking.map(async (kind) => {
      const found = await list(
        `${network}/${kind}?project_id=${token.projectId}`,
        kind.replace("-", "_"),
      );
      return found.map(({ id, name }) => `${kind} ${String(id)} ${String(name)}`);
    }),
  ]);
  return lists.flat().sort();
}
