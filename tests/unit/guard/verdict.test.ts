import { readPlan } from "../../../guard/plan";
import { type ImpactRow, judge } from "../../../guard/verdict";

const INSTANCE = "openstack:compute/instance:Instance";
const PORT = "openstack:networking/port:Port";
const FLOATING_IP = "openstack:networking/floatingIp:FloatingIp";
const ATTACHMENT = "openstack:networking/floatingIpAssociate:FloatingIpAssociate";
const RULE = "openstack:networking/secGroupRule:SecGroupRule";
const CONFIG = "pbx:index:NodeConfig";
const MEMBERSHIP = "pbx:index:ZoneMembership";

const component = (node: string): string =>
  ({ controller: "HaproxyController", zone1: "PbxNode" })[node] ?? "ExtendedZone";

const urnOf = (type: string, node: string): string =>
  `urn:pulumi:dev::pbx::trunkline:index:${component(node)}$${type}::${node}`;

interface Step {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: object;
  readonly newState?: object;
  readonly diffReasons?: string[];
}

/** Returns a step as `pulumi preview --json` prints it, without unused fields. */
function step(op: string, type: string, node: string, more: Partial<Step> = {}): Step {
  return { op, urn: urnOf(type, node), ...more };
}

const drain = { timeout: 3600, force: false };
const membershipState = (zone: string, changes: object = {}) => ({
  inputs: { zone: { name: zone }, serverId: `${zone}-1`, controllerId: "c", drain, ...changes },
  dependencies: [urnOf(ATTACHMENT, zone), urnOf(INSTANCE, zone)],
});
const configState = (node: string, zones: string[], digest: string) => ({
  inputs: {
    node,
    serverId: `${node}-1`,
    zones: zones.map((name) => ({ name })),
    drain,
    files: {
      [node === "controller" ? "/etc/haproxy/haproxy.cfg" : "/etc/asterisk/users.sql"]: { digest },
    },
  },
});

/** Returns the steps of a preview that delete the ZoneMembership and the cloud resources of a removed zone. */
const departure = (zone: string, changes: object = {}): Step[] => [
  step("delete", MEMBERSHIP, zone, { oldState: membershipState(zone, changes) }),
  step("delete", ATTACHMENT, zone, {
    oldState: { dependencies: [urnOf(PORT, zone), urnOf(FLOATING_IP, zone)] },
  }),
  step("delete", INSTANCE, zone, { oldState: { dependencies: [urnOf(PORT, zone)] } }),
  step("delete", FLOATING_IP, zone, { oldState: {} }),
  step("delete", PORT, zone, { oldState: {} }),
];

/** Returns a replacement as `pulumi preview --json` prints it: in one step. */
const replacement = (type: string, node: string, oldState = {}, newState = {}): Step =>
  step("replace", type, node, { oldState, newState });

/** Returns a replacement as `pulumi preview --json --show-replacement-steps` prints it: in three steps. */
const inParts = ({ urn, ...states }: Step): Step[] =>
  ["delete-replaced", "replace", "create-replacement"].map((op) => ({ ...states, urn, op }));

function rowsOf(
  steps: readonly Step[],
  allowController = false,
  zones = ["zone1", "zone2"],
): ImpactRow[] {
  const stack = {
    op: "same",
    urn: "urn:pulumi:dev::pbx::pulumi:pulumi:Stack::pbx-dev",
    oldState: { outputs: { zones: zones.map((name) => ({ name })) } },
  };
  const plan = readPlan(JSON.stringify({ steps: [stack, ...steps] }));
  return judge(plan, { controller: allowController });
}

const felt = (steps: readonly Step[]): [string, string, boolean][] =>
  rowsOf(steps).map(({ change, effect, fault }) => [change, effect, fault === null]);

const RESTART =
  "controller restarts: calls keep their media; new calls and registrations wait about 90 s " +
  "(as measured under emulation)";

test("the guard reports no row if nothing changes", () => {
  expect(rowsOf([])).toEqual([]);
});

describe("a zone that is removed", () => {
  test("is drained first, and the change of the controller's files is not reported in addition", () => {
    const files = step("update", CONFIG, "controller", {
      oldState: configState("controller", ["zone1", "zone2"], "a"),
      newState: configState("controller", ["zone1"], "b"),
    });
    expect(felt([files, ...departure("zone2")])).toEqual([
      ["zone2: server deleted", "zone2 drains, then is deleted; its calls may go on for 1 h", true],
    ]);
  });

  test.each([
    [15, "15 s"],
    [90, "90 s"],
    [120, "2 min"],
    [7200, "2 h"],
  ])("drains for up to %i s, which is shown as %s", (timeout, text) => {
    expect(felt(departure("zone2", { drain: { timeout, force: false } }))).toEqual([
      [
        "zone2: server deleted",
        `zone2 drains, then is deleted; its calls may go on for ${text}`,
        true,
      ],
    ]);
  });

  test("loses its calls if its ZoneMembership is not deleted", () => {
    const [, ...parts] = departure("zone2");
    expect(felt(parts)).toEqual([
      [
        "zone2: attachment of its public address deleted, server deleted, public address deleted, port deleted",
        "cuts every call of zone2",
        false,
      ],
    ]);
  });

  test("loses its calls if its ZoneMembership does not depend on its public address", () => {
    const [membership, ...parts] = departure("zone2");
    const hasty = {
      ...membership,
      oldState: { ...membershipState("zone2"), dependencies: [urnOf(INSTANCE, "zone2")] },
    } as Step;
    expect(felt([hasty, ...parts])).toEqual([
      [
        "zone2: attachment of its public address deleted, public address deleted",
        "cuts every call of zone2",
        false,
      ],
    ]);
  });

  test("may lose calls if pbx:drainForce is true", () => {
    const rows = rowsOf(departure("zone2", { drain: { timeout: 60, force: true } }));
    expect(rows).toEqual([
      {
        change: "zone2: server deleted",
        effect: "zone2 drains, then is deleted; calls that are still up after 1 min are cut",
        fault: "pbx:drainForce is true: calls of zone2 may be cut; set it to false",
      },
    ]);
  });

  test("is drained with pbx:drainForce of the new configuration, not of the state", () => {
    const forced = { drain: { timeout: 60, force: true } };
    const update = step("update", MEMBERSHIP, "zone1", {
      oldState: membershipState("zone1", forced),
      newState: membershipState("zone1"),
    });
    expect(felt([update, ...departure("zone2", forced)])).toEqual([
      ["zone2: server deleted", "zone2 drains, then is deleted; its calls may go on for 1 h", true],
    ]);
  });

  test("is not drained if the state has no ZoneMembership of the zone", () => {
    const [, ...parts] = departure("zone3");
    const deletion = "attachment of its public address deleted, server deleted";
    const same = (zone: string): Step =>
      step("same", MEMBERSHIP, zone, { oldState: membershipState(zone) });
    expect(felt([...parts, same("zone1")])).toEqual([
      [expect.stringContaining(`zone3: ${deletion}`), "zone3 is out of the rotation", true],
    ]);
    const change = step("update", INSTANCE, "zone3", { diffReasons: ["powerState"] });
    expect(felt([change, same("zone1")])).toEqual([
      ["zone3: server changed", "zone3 is out of the rotation", true],
    ]);
    expect(felt([...parts, same("zone1"), same("zone3")])).toEqual([
      [expect.stringContaining(`zone3: ${deletion}`), "cuts every call of zone3", false],
    ]);
  });

  test("does not count as the only zone if a failed scale-out has left it behind", () => {
    const [row] = rowsOf(departure("zone2"), false, ["zone1"]);
    expect(row?.fault).toBeNull();
  });

  test("must not be the only zone", () => {
    const [row] = rowsOf(departure("zone1"), false, ["zone1"]);
    expect(row?.fault).toBe(
      "zone1 is the only zone and cannot be drained; add another zone first (pbx:zones)",
    );
  });
});

describe("a zone that is replaced", () => {
  const server = replacement(INSTANCE, "zone2");
  const membership = replacement(
    MEMBERSHIP,
    "zone2",
    membershipState("zone2"),
    membershipState("zone2", { serverId: "zone2-2" }),
  );

  test.each([
    ["as one step", [membership, server]],
    ["as three steps", [membership, server].flatMap(inParts)],
  ])("is drained and comes back if Pulumi prints the replacement %s", (_, steps) => {
    expect(felt(steps)).toEqual([
      [
        "zone2: server replaced",
        "zone2 drains, is replaced, and comes back; the other zones keep serving; its calls may go on for 1 h",
        true,
      ],
    ]);
  });

  test("loses its calls if its ZoneMembership is not replaced", () => {
    expect(felt([server])).toEqual([["zone2: server replaced", "cuts every call of zone2", false]]);
  });

  test("counts as a new zone if an interrupted update has already deleted its server", () => {
    const rest = [membership, server].flatMap(inParts).filter(({ op }) => op !== "delete-replaced");
    expect(felt(rest)).toEqual([["zone2: server created", "zone2 joins once it is ready", true]]);
  });
});

test.each([
  [INSTANCE, "flavorName", "server changed"],
  [INSTANCE, "powerState", "server changed"],
  [PORT, "fixedIps[0].ipAddress", "port changed"],
  [ATTACHMENT, "portId", "attachment of its public address changed"],
])("an in-place update of %s with another %s cuts calls", (type, path, change) => {
  const update = step("update", type, "zone2", { diffReasons: [path] });
  expect(felt([update])).toEqual([[`zone2: ${change}`, "cuts every call of zone2", false]]);
});

test("a change of a server's metadata cuts no calls", () => {
  expect(felt([step("update", INSTANCE, "zone2", { diffReasons: ["metadata"] })])).toEqual([]);
});

test("the new server of a zone that was lost joins without a drain, even if there is no other zone", () => {
  const steps = [
    step("create", INSTANCE, "zone1", { newState: {} }),
    replacement(MEMBERSHIP, "zone1", membershipState("zone1"), membershipState("zone1")),
  ];
  expect(rowsOf(steps, false, ["zone1"])).toEqual([
    { change: "zone1: server created", effect: "zone1 joins once it is ready", fault: null },
  ]);
});

test("a new zone joins, and changed files are reported for zones but not for the controller", () => {
  const [before, after] = [["zone1"], ["zone1", "zone2"]];
  expect(
    felt([
      step("create", INSTANCE, "zone2", { newState: {} }),
      step("create", PORT, "zone2", { newState: {} }),
      step("create", MEMBERSHIP, "zone2", { newState: membershipState("zone2") }),
      step("update", CONFIG, "controller", {
        oldState: configState("controller", before, "a"),
        newState: configState("controller", after, "b"),
      }),
      step("update", CONFIG, "zone1", {
        oldState: configState("zone1", before, "a"),
        newState: configState("zone1", after, "b"),
      }),
    ]),
  ).toEqual([
    ["zone2: server created", "zone2 joins once it is ready", true],
    ["zone1: files changed", "zone1: change of users (users.sql): reload only, calls go on", true],
  ]);
});

test("a file that a refresh found changed on a node is reported as a change of the file", () => {
  const state = configState("zone1", ["zone1"], "a");
  const files = { "/etc/asterisk/users.sql": { digest: "changed on the node: 0123" } };
  expect(
    felt([
      step("update", CONFIG, "zone1", {
        oldState: { ...state, outputs: { ...state.inputs, files } },
        newState: state,
      }),
    ]),
  ).toEqual([
    ["zone1: files changed", "zone1: change of users (users.sql): reload only, calls go on", true],
  ]);
});

describe("the controller", () => {
  const server = replacement(INSTANCE, "controller");

  test("is replaced only with --allow-controller", () => {
    const change = "controller: server replaced";
    expect(rowsOf([server])).toEqual([
      {
        change,
        effect: RESTART,
        fault: "choose a time with few calls, and allow the change with: --allow-controller",
      },
    ]);
    expect(rowsOf([server], true)).toEqual([{ change, effect: RESTART, fault: null }]);
  });

  test("makes zones enter the rotation again if it is replaced", () => {
    const update = step("update", MEMBERSHIP, "zone1", {
      oldState: membershipState("zone1"),
      newState: membershipState("zone1", { controllerId: "c2" }),
    });
    expect(rowsOf([server, update], true).map(({ effect }) => effect)).toEqual([
      RESTART,
      "zone1 enters the rotation again",
    ]);
  });

  test("must keep its public address, even with --allow-controller", () => {
    const [row] = rowsOf([step("delete", FLOATING_IP, "controller", { oldState: {} })], true);
    expect(row).toMatchObject({
      effect: "the exchange gets a new public address, which no phone knows",
      fault: "every phone must be reconfigured",
    });
  });
});

describe("shared resources on the path of all calls", () => {
  const shared = (op: string, type: string, more: Partial<Step> = {}): Step => ({
    op,
    urn: `urn:pulumi:dev::pbx::trunkline:index:TrunkNetwork$${type}::trunk`,
    ...more,
  });

  test.each([
    ["openstack:networking/network:Network", "trunk: network deleted"],
    ["openstack:networking/subnet:Subnet", "trunk: subnet deleted"],
    ["openstack:networking/router:Router", "trunk: router deleted"],
    ["openstack:networking/routerInterface:RouterInterface", "trunk: router interface deleted"],
    ["openstack:networking/secGroup:SecGroup", "trunk: security group deleted"],
    [RULE, "trunk: security rule deleted"],
  ])("must not be deleted: %s", (type, change) => {
    expect(felt([shared("delete", type, { oldState: {} })])).toEqual([
      [change, "cuts every call that passes through it", false],
    ]);
    expect(felt([shared("create", type, { newState: {} })])).toEqual([]);
  });

  test("must not be changed in a way that interrupts calls", () => {
    const router = "openstack:networking/router:Router";
    expect(felt([shared("update", router, { diffReasons: ["externalNetworkId"] })])).toHaveLength(
      1,
    );
    expect(felt([shared("update", router, { diffReasons: ["tags"] })])).toEqual([]);
  });

  test("do not include the SSH rule for operators", () => {
    const ssh = { inputs: { portRangeMin: 22 } };
    expect(felt([shared("delete", RULE, { oldState: ssh })])).toEqual([]);
  });

  test("include OpenStack resources that the guard does not know, but no other unknown resources", () => {
    const type = "openstack:loadbalancer/listener:Listener";
    expect(felt([shared("update", type)])).toEqual([
      [`${type} trunk changed`, "unknown: calls may pass through it", false],
    ]);
    expect(felt([shared("update", "cloudflare:index/record:Record")])).toEqual([]);
  });
});

describe("input that is not a plan", () => {
  test.each(["", "Previewing update (dev):", "{}"])("is rejected: %j", (text) => {
    expect(() => readPlan(text)).toThrow(
      "not a Pulumi plan; create one with: pulumi preview --json",
    );
  });

  test("is rejected with Pulumi's message if the preview failed", () => {
    const diagnostics = [{ severity: "error", message: "error: One fault\n  pbx:zones is 0\n" }];
    expect(() => readPlan(JSON.stringify({ steps: [], diagnostics }))).toThrow(
      "no plan, because the preview failed: One fault\n  pbx:zones is 0",
    );
  });
});
