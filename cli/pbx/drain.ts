import { abortOnSignals } from "../../core/interruption";
import { drainZone } from "../../nodes/rotation/drain";
import { enterRotation } from "../../nodes/rotation/entry";
import { TIMEOUTS } from "../../ssh/connections";
import { type Command, printJson, zoneNamed } from "./pbx-context";

const COMMON_HELP = `
Options:
  --json         print JSON; progress goes to standard error
  --stack NAME   the stack of the zone (default: PULUMI_STACK, or dev)
  -h, --help     print this text`;

const DRAIN_HELP = `Takes a zone out of the rotation, for maintenance, and waits until its last call has ended.

The zone gets no new phones, and phones without a call register in another zone.

  npm run pbx -- drain zone2

No call is cut. After the drain, the zone stays out of the rotation until it is put back: by undrain, by
pulumi up --refresh, or by an autoscaler that repairs the stack after a killed update. Ctrl-C during the
wait puts a healthy zone back immediately. The last zone in the rotation cannot be drained.
${COMMON_HELP}`;

const UNDRAIN_HELP = `Puts a drained zone back into the rotation, once the zone responds to SIP and its trunk is up.

  npm run pbx -- undrain zone2
${COMMON_HELP}`;

const sayFor = (json: boolean) => (line: string) => {
  if (json) console.error(line);
  else console.log(line);
};

export const drain: Command = {
  help: DRAIN_HELP,
  operands: ["drain", "ZONE"],
  async run(context, name) {
    const { nodes, connections, json } = context;
    const zone = zoneNamed(context, name);
    const say = sayFor(json);
    await abortOnSignals(["SIGINT", "SIGTERM"], (signal) =>
      drainZone({
        controller: () => connections.controller(nodes.access, TIMEOUTS.change),
        zone: () => connections.zone(nodes.access, zone, TIMEOUTS.read),
        name,
        policy: { timeout: Infinity, force: false },
        last: "refuse",
        say,
        warn: console.error,
        signal,
      }),
    );
    if (json) printJson({ zone: name, state: "drain" });
    say(
      `${name} is out of the rotation and has no connections. ` +
        `Put it back with: npm run pbx -- undrain ${name} (or: pulumi up --refresh)`,
    );
  },
};

export const undrain: Command = {
  help: UNDRAIN_HELP,
  operands: ["undrain", "ZONE"],
  async run(context, name) {
    const { nodes, connections, json } = context;
    const zone = zoneNamed(context, name);
    await enterRotation({
      connections,
      access: nodes.access,
      zone,
      others: nodes.zones.filter((other) => other !== zone),
      say: (line) => {
        sayFor(json)(`${name}: ${line}`);
      },
    });
    if (json) printJson({ zone: name, state: "ready" });
  },
};
