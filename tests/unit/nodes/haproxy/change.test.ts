import { planHaproxyChange, serversOf, withServers } from "../../../../nodes/haproxy/change";
import { parseConnections, parseServers } from "../../../../nodes/haproxy/runtime";
import type { ControllerContext } from "../../../../templates/context";
import { renderHaproxyCfg } from "../../../../templates/haproxy.cfg";
import { controllerOf } from "../../../support/zone-context";

const CHECKS = "check inter 2s fall 2 rise 1 on-marked-down shutdown-sessions maxconn 1000";

const cfg = (zoneCount: number, changes: Partial<ControllerContext> = {}): string =>
  renderHaproxyCfg({ ...controllerOf(zoneCount), ...changes });

const names = (zoneCount: number): string[] => serversOf(cfg(zoneCount)).map(({ name }) => name);

test("a server has the settings of default-server, because HAProxy does not apply them to an added server", () => {
  expect(serversOf(cfg(2))).toEqual([
    { name: "zone1", address: "192.168.0.2:5060", settings: CHECKS },
    { name: "zone2", address: "192.168.0.3:5060", settings: CHECKS },
  ]);
});

describe("a change of haproxy.cfg", () => {
  test("that adds a zone adds its server without a reload", () => {
    expect(planHaproxyChange(cfg(2), cfg(3))).toEqual({
      add: [{ name: "zone3", address: "192.168.0.4:5060", settings: CHECKS }],
      reload: false,
      remove: [],
    });
  });

  test("that removes a zone removes its server without a reload", () => {
    expect(planHaproxyChange(cfg(3), cfg(2))).toEqual({
      add: [],
      reload: false,
      remove: ["zone3"],
    });
  });

  test.each<Partial<ControllerContext>>([
    { balance: "source" },
    { connectTimeout: 7 },
    { idleTimeout: 900 },
    { zones: [{ name: "zone1", fixedIp: "10.0.0.2" }] },
  ])("in a setting or an address needs a reload: %j", (change) => {
    expect(planHaproxyChange(cfg(1), cfg(1, change))).toEqual({
      add: [],
      reload: true,
      remove: [],
    });
  });

  test("that adds a zone and changes `balance` adds the server and needs a reload", () => {
    const { add, reload } = planHaproxyChange(cfg(1), cfg(2, { balance: "source" }));
    expect([add.map(({ name }) => name), reload]).toEqual([["zone2"], true]);
  });

  test("that affects only comments or spaces needs no action", () => {
    const spaced = cfg(2)
      .replace(/^ +#.*\n/gm, "")
      .replaceAll("    ", "\t");
    expect(planHaproxyChange(cfg(2), spaced)).toEqual({ add: [], reload: false, remove: [] });
  });
});

describe("a running HAProxy", () => {
  // Output of HAProxy 3.0 for four zones: ready, draining, in maintenance, and down.
  const STATES = `1
# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port
3 nodes 1 zone1 192.168.0.2 2 0 1 1 6 15 3 2 6 0 0 0 - 5060 - 0 0 - - 0
3 nodes 2 zone2 192.168.0.3 2 8 1 1 8 15 3 2 6 0 0 0 - 5060 - 0 0 - - 0
3 nodes 3 zone3 192.168.0.4 0 1 1 1 3 1 0 0 2 0 0 0 - 5060 - 0 0 - - 0
3 nodes 4 zone4 192.168.0.5 0 0 1 1 2 8 2 0 6 0 0 0 - 5060 - 0 0 - - 0
`;

  test("reports the states of its servers", () => {
    expect(parseServers(STATES).map(({ name, state, healthy }) => [name, state, healthy])).toEqual([
      ["zone1", "ready", true],
      ["zone2", "drain", true],
      ["zone3", "maint", false],
      ["zone4", "ready", false],
    ]);
  });

  test("whose last change was interrupted gets a change based on its current servers, not on its file", () => {
    const servers = parseServers(STATES);
    for (const zoneCount of [1, 3, 5]) {
      const running = withServers(cfg(zoneCount), servers);
      expect(planHaproxyChange(running, cfg(2))).toEqual({
        add: [],
        reload: false,
        remove: ["zone3", "zone4"],
      });
    }
  });

  test("reloads its file if it is unknown which file it has read", () => {
    const running = withServers("", parseServers(STATES));
    const { add, reload, remove } = planHaproxyChange(running, cfg(5));
    expect([add.map(({ name }) => name), reload, remove]).toEqual([names(5).slice(4), true, []]);
  });

  // Output of two workers. The second one is from before a reload. Columns that are not needed are left out.
  const STATISTICS = `# pxname,svname,qcur,qmax,scur,smax,slim,stot,status
nodes,zone1,0,0,3,4,,9,UP
nodes,zone2,0,0,0,2,,2,DRAIN

# pxname,svname,qcur,qmax,scur,smax,slim,stot,status
nodes,zone1,0,0,1,4,,7,UP
`;

  test("reports the current and the total connections of each zone, including those of pre-reload workers", () => {
    expect([...parseConnections(STATISTICS)]).toEqual([
      ["zone1", 4],
      ["zone2", 0],
    ]);
    expect([...parseConnections(STATISTICS, "stot")]).toEqual([
      ["zone1", 16],
      ["zone2", 2],
    ]);
  });
});
