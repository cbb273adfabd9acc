/** A server of the backend in `haproxy.cfg`. */
export interface CfgServer {
  readonly name: string;
  /** `address:port`. */
  readonly address: string;
  /**
   * Settings of `default-server`, followed by the server's own settings. HAProxy does not apply `default-server` to a
   * server that is added at runtime.
   */
  readonly settings: string;
}

/** Changes to a running HAProxy that put a new `haproxy.cfg` into effect. */
export interface HaproxyChange {
  /**
   * Servers to add at runtime, in the state `drain`, before the new file is installed. HAProxy keeps this state when it
   * reads the new file.
   */
  readonly add: readonly CfgServer[];
  /** Whether HAProxy must reload its file, because the file has changes other than added and removed servers. */
  readonly reload: boolean;
  /** Names of servers to remove at runtime, after the new file is installed, so that no reload adds them again. */
  readonly remove: readonly string[];
}

/** Returns the words of each line that is neither empty nor a comment. */
const statements = (cfg: string): string[][] =>
  cfg
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/\s+/));

/** Returns the servers of a `haproxy.cfg`. */
export function serversOf(cfg: string): CfgServer[] {
  const lines = statements(cfg);
  const defaults = lines
    .filter(([keyword]) => keyword === "default-server")
    .flatMap(([, ...settings]) => settings);
  return lines
    .filter(([keyword]) => keyword === "server")
    .map(([, name = "", address = "", ...own]) => ({
      name,
      address,
      settings: [...defaults, ...own].join(" "),
    }));
}

/**
 * Returns the statements of a `haproxy.cfg`, with exactly the servers in `servers`. A server that is already in the
 * file keeps its line. A server that is not in the file gets a line without settings.
 */
export function withServers(cfg: string, servers: readonly Omit<CfgServer, "settings">[]): string {
  const known = new Set(serversOf(cfg).map(({ name }) => name));
  const kept = new Set(servers.map(({ name }) => name));
  return [
    ...statements(cfg).filter(([keyword, name = ""]) => keyword !== "server" || kept.has(name)),
    ...servers
      .filter(({ name }) => !known.has(name))
      .map(({ name, address }) => ["server", name, address]),
  ]
    .map((words) => words.join(" "))
    .join("\n");
}

/**
 * Returns the changes from one `haproxy.cfg` to another. The changes do not interrupt connections to servers that are
 * in both files.
 */
export function planHaproxyChange(oldCfg: string, newCfg: string): HaproxyChange {
  const [before, after] = [serversOf(oldCfg), serversOf(newCfg)];
  const names = (servers: readonly CfgServer[]): Set<string> =>
    new Set(servers.map(({ name }) => name));
  const [old, kept] = [names(before), names(after)];
  /** Returns the statements of a file, without the servers that are added or removed. */
  const rest = (cfg: string): string =>
    statements(cfg)
      .filter(([keyword, name = ""]) => keyword !== "server" || (old.has(name) && kept.has(name)))
      .map((words) => words.join(" "))
      .join("\n");
  return {
    add: after.filter(({ name }) => !old.has(name)),
    reload: rest(oldCfg) !== rest(newCfg),
    remove: before.map(({ name }) => name).filter((name) => !kept.has(name)),
  };
}
