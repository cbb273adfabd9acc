import { trunkPeersOf, type TrunkPeerStatus } from "../../nodes/asterisk/activity";
import { Haproxy, type HaproxyServer } from "../../nodes/haproxy/runtime";
import { TIMEOUTS } from "../../ssh/connections";
import { paint, table } from "../terminal";
import { type Command, inEachZone, printJson } from "./pbx-context";
import { orUnknown, placeText } from "./words";

const HELP = `Shows the addresses of each zone, and the zones that it reaches on the trunk.

  npm run pbx -- zones

Options:
  --json         print JSON
  --stack NAME   the stack to use (default: PULUMI_STACK, or dev)
  -h, --help     print this text`;

const HEAD = ["zone", "public address", "trunk address", "rotation", "trunk peers, round trip"];

export const zones: Command = {
  help: HELP,
  operands: ["zones"],
  async run(context) {
    const { nodes, connections, outputs, json } = context;
    const controller = await connections.controller(nodes.access, TIMEOUTS.read);
    const [haproxy, servers, peers] = await Promise.all([
      new Haproxy(controller).connections(),
      new Haproxy(controller).servers(),
      inEachZone(context, trunkPeersOf),
    ]);
    const found = outputs.zones.map((zone, index) => {
      const server = servers.find(({ name }) => name === zone.name);
      return {
        ...zone,
        place: server && placeOf(server, haproxy.get(zone.name) ?? 0),
        trunkPeers: peers[index]?.value ?? null,
        fault: peers[index]?.fault ?? null,
      };
    });
    if (json) {
      printJson(found);
      return;
    }
    console.log(
      table(
        found.map(({ name, address, fixedIp, place, trunkPeers }) => [
          name,
          address,
          fixedIp,
          orUnknown(place ?? null, placeText),
          orUnknown(trunkPeers, (known) => known.map(peerText).join("\n")),
        ]),
        HEAD,
      ),
    );
    for (const { fault } of found) if (fault !== null) console.log(fault);
  },
};

const placeOf = ({ state, healthy }: HaproxyServer, connections: number) => ({
  state,
  healthy,
  connections,
});

const peerText = ({ name, latency }: TrunkPeerStatus): string =>
  latency === null
    ? paint("bad", `${name} is unreachable`)
    : paint("good", `${name} ok, ${String(latency)} ms`);
