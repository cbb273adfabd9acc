import { mkdirSync } from "node:fs";
import { Haproxy, parseServers } from "../../provider/haproxy";
import { FolderNode } from "../support/folder-node";

const STATE = "/var/lib/haproxy/server-state";
const ZONES = Array.from({ length: 8 }, (_, index) => `zone${String(index + 1)}`);

/** In place of what speaks with HAProxy: a file for each server that drains, and a list that takes time. */
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

test("zones that begin to drain at the same time are all kept as draining", async () => {
  const haproxy = new Haproxy(controller);
  await Promise.all(ZONES.map((zone) => haproxy.setState(zone, "drain")));

  const kept = parseServers(controller.read(STATE));
  expect(kept.map(({ name, state }) => [name, state])).toEqual(
    ZONES.map((zone) => [zone, "drain"]),
  );
});
