import { run } from "./child-process";

/**
 * Returns the local address from which connections to `host` are made.
 *
 * @param namespace network namespace of the connections; null for the namespace of this process.
 * @throws Error if there is no route to `host`.
 */
export async function addressTowards(host: string, namespace: string | null): Promise<string> {
  const routes = JSON.parse(await run(["ip", "-j", "route", "get", host], { namespace })) as {
    prefsrc: string;
  }[];
  if (!routes[0]) throw new Error(`no route to the SIP server ${host}`);
  return routes[0].prefsrc;
}
