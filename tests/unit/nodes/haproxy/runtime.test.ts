import { mkdirSync } from "node:fs";
import { NodeError } from "../../../../core/errors";
import { Haproxy, parseConnections, parseServers } from "../../../../nodes/haproxy/runtime";
import { FolderNode } from "../../../support/folder-node";

const STATE = "/var/lib/haproxy/server-state";
const ZONES = Array.from({ length: 8 }, (_, index) => `zone${String(index + 1)}`);

/** Script in place of socat. Creates a file for each server that is set to drain, and lists the servers slowly. */
const SOCAT = `
read -r worker order
set -- $order
case $order in
"set server nodes/"*" state drain") : >"/run/haproxy/\${3#nodes/}" ;;
"show servers state")
  printf '1\\n# be_id be_name srv_name srv_addr srv_port srv_op_state srv_admin_state srv_check_status\\n'
  for zone in ${ZONES.join(" ")}; do
    [ -e "/run/haproxy/$zone" ] && state=8 || state=0
    sleep 0.01
    echo "3 nodes $zone 192.168.0.2 5060 2 $state 15"
  done ;;
esac
`;

let controller: FolderNode;

beforeEach(() => {
  controller = new FolderNode("controller");
  for (const folder of ["/run/haproxy", "/var/lib/haproxy"]) {
    mkdirSync(controller.at(folder), { recursive: true });
  }
  controller.program("socat", SOCAT);
});
afterEach(() => controller.remove());

test("zones that begin to drain at the same time are all saved as draining", async () => {
  const haproxy = new Haproxy(controller);
  await Promise.all(ZONES.map((zone) => haproxy.setState(zone, "drain")));

  const kept = parseServers(controller.read(STATE));
  expect(kept.map(({ name, state }) => [name, state])).toEqual(
    ZONES.map((zone) => [zone, "drain"]),
  );
});

describe("the class Haproxy rejects input that could become a HAProxy or shell command:", () => {
  const NAMES = [
    "zone1'; touch /run/haproxy/owned; '",
    "zone1;shutdown",
    "$(id)",
    "-x",
    "../x",
    "a b",
    "",
  ];

  test.each(NAMES)("the name %j", async (name) => {
    const haproxy = new Haproxy(controller);
    const server = { name, address: "192.168.0.2:5060", settings: "check" };
    for (const work of [
      () => haproxy.setState(name, "drain"),
      () => haproxy.add([server]),
      () => haproxy.remove([name]),
      () => haproxy.markUnused(name),
      () => haproxy.isUnused(name),
      () => haproxy.sessions(name),
      () => haproxy.close(name),
    ]) {
      await expect(work()).rejects.toThrow("cannot be the name or the address of a server");
    }
    await expect(controller.run("ls /run/haproxy")).resolves.toBe("");
  });

  test.each([
    "check'; id; '",
    "check; shutdown sessions server nodes/zone1",
    "check\nid",
    "check <<",
    "a\\",
  ])("the settings %j", async (settings) => {
    const server = { name: "zone1", address: "192.168.0.2:5060", settings };
    await expect(new Haproxy(controller).add([server])).rejects.toThrow(
      "cannot be given to HAProxy",
    );
  });
});

describe("parsing output of HAProxy with an unexpected format throws a NodeError:", () => {
  const HEADER =
    "1\n# be_id be_name srv_name srv_addr srv_port srv_op_state srv_admin_state srv_check_status";

  test.each([
    [`${HEADER}\n3 nodes $(id) 192.168.0.2 5060 2 0 15`],
    [`${HEADER}\n3 nodes zone1 192.168.0.2 5060 2 yes 15`],
    [`${HEADER}\n3 nodes zone1 192.168.0.2 5060 2`],
    ["Unknown command\nsomething else\n3 nodes zone1"],
    ["\n\nPermission denied."],
  ])("show servers state: %j", (output) => {
    expect(() => parseServers(output)).toThrow(NodeError);
  });

  test.each([
    ["zone1,3"],
    ["# svname,scur\nzone1,x"],
    ["# svname,scur\nzone1,-1"],
    ["# svname,scur\nzone1"],
    ["# svname,scur\n`id`,1"],
    [`# svname,scur\nzone1,${"9".repeat(400)}`],
  ])("show stat: %j", (output) => {
    expect(() => parseConnections(output)).toThrow(NodeError);
  });
});
