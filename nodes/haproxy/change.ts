/** A server of the backend in `haproxy.cfg`. */
export interface CfgServer {
  readonly name: string;
  /** Address and port. */
  readonly address: string;
  /**
   * All other settings, including those of `default-server`: HAProxy does not apply `default-server`
   * to a server that is added at runtime.
   */
  readonly settings: string;
}

/** Steps that bring a running HAProxy to a new `haproxy.cfg`. */
export interface HaproxyChange {
  /** Servers to add before the file is installed, so that they are known as draining when the file is read. */
  readonly add: readonly CfgServer[];
  /** Whether HAProxy must read the file, because more than the list of servers has changed. */
  readonly reload: boolean;
  /** Names of servers to remove after the file is installed, so that no reload adds them again. */
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

/** Returns a `haproxy.cfg` with exactly these servers. Servers that the file already has keep their lines. */
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

/** Plans the change from one `haproxy.cfg` to another without interrupting connections. */
export function planHaproxyChange(oldCfg: string, newCfg: string): HaproxyChange {
  const [before, after] = [serversOf(oldCfg), serversOf(newCfg)];
  const names = (servers: readonly CfgServer[]): Set<string> =>
    new Set(servers.map(({ name }) => name));
  const [old, kept] = [names(before), names(after)];
  /** Returns the file without the servers that are added or removed. */
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
