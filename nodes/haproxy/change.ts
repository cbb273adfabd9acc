/** A server of the backend, as `haproxy.cfg` has it. */
export interface CfgServer {
  readonly name: string;
  /** Address and port. */
  readonly address: string;
  /**
   * All else of it, what `default-server` says among it: HAProxy gives nothing of that to a server
   * that is added at runtime.
   */
  readonly settings: string;
}

/** How a running HAProxy becomes what a new `haproxy.cfg` says. */
export interface HaproxyChange {
  /** To be added before the file is in place, so that they are known as draining when it is read. */
  readonly add: readonly CfgServer[];
  /** Whether HAProxy has to read the file: more has changed than which servers there are. */
  readonly reload: boolean;
  /** To be removed once the file is in place, so that nothing brings them back. */
  readonly remove: readonly string[];
}

/** The words of each line that says something. */
const statements = (cfg: string): string[][] =>
  cfg
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(/\s+/));

/** The servers of a `haproxy.cfg`. */
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

/** A `haproxy.cfg` with other servers: those that are in it already stay as they stand there. */
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

/** How to get from one `haproxy.cfg` to another without touching anybody's connection. */
export function planHaproxyChange(oldCfg: string, newCfg: string): HaproxyChange {
  const [before, after] = [serversOf(oldCfg), serversOf(newCfg)];
  const names = (servers: readonly CfgServer[]): Set<string> =>
    new Set(servers.map(({ name }) => name));
  const [old, kept] = [names(before), names(after)];
  /** The file without the servers that come and go. */
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
