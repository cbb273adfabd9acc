import type { FileSpec } from "../../../nodes/files";
import { membershipImpact, nodeConfigImpact } from "../../../provider/impact";
import type { NodeConfigInputs, ZoneMembershipInputs } from "../../../provider/inputs";

const zone = (name: string) => ({ name, fixedIp: "192.168.0.2", sshHostKey: "ssh-ed25519 AAAA" });
const access = { privateKey: "", controllerAddress: "198.51.100.10", controllerHostKey: "" };
const drain = { timeout: 3600, force: false };

function files(...paths: string[]): Record<string, FileSpec> {
  return Object.fromEntries(
    paths.map((path) => [path, { owner: "root:root", mode: "0640", digest: "before" }]),
  );
}

const ZONE_FILES = files(
  ...["asterisk", "cdr", "extensions", "iax", "logger", "modules", "pjsip", "rtp"].map(
    (name) => `/etc/asterisk/${name}.conf`,
  ),
  "/etc/asterisk/users.sql",
  "/etc/trunkline/authorized_keys",
);
const CONTROLLER_FILES = files("/etc/haproxy/haproxy.cfg", "/etc/trunkline/authorized_keys");

const nodeConfig = (node: string, changes: Partial<NodeConfigInputs> = {}): NodeConfigInputs => ({
  node,
  serverId: "server",
  access,
  zones: [zone("zone1"), zone("zone2")],
  drain,
  files: node === "controller" ? CONTROLLER_FILES : ZONE_FILES,
  contents: "",
  ...changes,
});

/** Returns the impact on `node` of new contents of the files `changed`, and of `changes` of its inputs. */
function impact(
  node: string,
  changed: string[],
  changes: Partial<NodeConfigInputs> = {},
): string[] {
  const olds = nodeConfig(node);
  const rewritten = changed.map((path) => {
    const spec = olds.files[path];
    if (spec === undefined) throw new Error(`${node} has no ${path}`);
    return [path, { ...spec, digest: "after" }] as const;
  });
  const files = { ...olds.files, ...Object.fromEntries(rewritten) };
  return nodeConfigImpact(olds, { ...olds, files, ...changes });
}

test.each([
  [["users.sql"], "zone1: change of users (users.sql): reload only, calls go on"],
  [["pjsip.conf"], "zone1: change of SIP (pjsip.conf): reload only, calls go on"],
  [["iax.conf"], "zone1: change of trunk (iax.conf): reload only, calls go on"],
  [["rtp.conf"], "zone1: change of media ports (rtp.conf): reload only, calls go on"],
  [["modules.conf"], "zone1: change of modules (modules.conf): reload only, calls go on"],
  [
    ["extensions.conf", "iax.conf", "users.sql"],
    "zone1: change of dialplan (extensions.conf), trunk (iax.conf) and users (users.sql): " +
      "reload only, calls go on",
  ],
  [
    ["asterisk.conf"],
    "zone1: change of asterisk.conf: takes effect when Asterisk starts again, calls go on",
  ],
  [["logger.conf", "cdr.conf"], "zone1: nothing that callers notice"],
])("nodeConfigImpact reports a change of %s in a zone", (names, line) => {
  expect(
    impact(
      "zone1",
      names.map((name) => `/etc/asterisk/${name}`),
    ),
  ).toEqual([line]);
});

test("nodeConfigImpact reports that callers do not notice a change of the authorized keys", () => {
  const path = "/etc/trunkline/authorized_keys";
  expect(impact("zone1", [path])).toEqual(["zone1: nothing that callers notice"]);
  expect(impact("controller", [path])).toEqual(["controller: nothing that callers notice"]);
});

test("nodeConfigImpact treats a new owner or mode, and an added or removed file, like a change of content", () => {
  const olds = nodeConfig("zone1");
  const path = "/etc/asterisk/users.sql";
  const { [path]: spec, ...others } = olds.files;
  const line = ["zone1: change of users (users.sql): reload only, calls go on"];
  for (const files of [
    others,
    { ...others, [path]: { ...spec, owner: "root:asterisk" } as FileSpec },
    { ...others, [path]: { ...spec, mode: "0600" } as FileSpec },
  ]) {
    expect(nodeConfigImpact(olds, { ...olds, files })).toEqual(line);
    expect(nodeConfigImpact({ ...olds, files }, olds)).toEqual(line);
  }
});

describe("for the controller, nodeConfigImpact reports", () => {
  const haproxy = ["/etc/haproxy/haproxy.cfg"];

  test("a reload of HAProxy if haproxy.cfg changes and the zones do not", () => {
    expect(impact("controller", haproxy)).toEqual([
      "controller: HAProxy reloads (haproxy.cfg): calls and registrations go on",
    ]);
  });

  test("the zones that are added or removed", () => {
    const zones = [zone("zone1"), zone("zone3")];
    expect(impact("controller", haproxy, { zones })).toEqual([
      "zone3 joins once it is ready",
      "zone2 drains, then is deleted",
    ]);
  });

  test("a restart if the server is replaced", () => {
    expect(impact("controller", [], { serverId: "another" })).toEqual([
      "controller restarts: calls keep their media; new calls and registrations wait about 90 s " +
        "(as measured under emulation)",
    ]);
  });
});

test("nodeConfigImpact reports nothing for a zone if nothing changes, or if only the drain policy changes", () => {
  expect(impact("zone1", [])).toEqual([]);
  expect(impact("zone1", [], { drain: { timeout: 60, force: true } })).toEqual([]);
});

test("nodeConfigImpact reports that files depend on values that the cloud has not assigned yet", () => {
  const files = "04da6b54-80e4-46f7-96ec-b56ff0331ba9" as unknown as NodeConfigInputs["files"];
  expect(impact("zone1", [], { files })).toEqual([
    "zone1: its files depend on values that the cloud has not assigned yet",
  ]);
});

describe("membershipImpact reports", () => {
  const member: ZoneMembershipInputs = {
    zone: zone("zone2"),
    serverId: "server",
    controllerId: "controller",
    access,
    drain,
  };

  test("a drain, a replacement and a return if the server is replaced", () => {
    const serverId = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    expect(membershipImpact(member, { ...member, serverId })).toEqual([
      "zone2 drains, is replaced, and comes back; the other zones keep serving",
    ]);
  });

  test("a return to the rotation if a lost server has a successor", () => {
    expect(membershipImpact(member, { ...member, serverId: "another" })).toEqual([
      "zone2 enters the rotation again",
    ]);
  });

  test.each(["another", "not in the rotation: drain"])(
    "a return to the rotation if the controller ID in the state is %j",
    (before) => {
      expect(membershipImpact({ ...member, controllerId: before }, member)).toEqual([
        "zone2 enters the rotation again",
      ]);
    },
  );

  test("a return to the rotation if the zone must enter it, and nothing for a new drain policy", () => {
    expect(membershipImpact(member, member, true)).toEqual(["zone2 enters the rotation again"]);
    expect(membershipImpact(member, { ...member, drain: { timeout: 1, force: true } })).toEqual([]);
  });
});
