import { drainZone } from "../../nodes/rotation/drain";
import { enterRotation } from "../../nodes/rotation/entry";
import { TIMEOUTS } from "../../ssh/connections";
import { abortOnSignals } from "../../core/interruption";
import { type Command, printJson, zoneNamed } from "./command";

const COMMON_HELP = `
Options:
  --json         for a program; progress goes to standard error
  --stack NAME   the stack that the zone is of (dev)
  -h, --help     this text`;

const DRAIN_HELP = `Takes a zone out of the rotation, for work on it: it gets no more phones, those without a call
register elsewhere, and this waits until the last call has ended.

  npm run pbx -- drain zone2

No call is cut. The zone then stays out until it is put back: with undrain, by pulumi up --refresh, or
by an autoscaler that mends what a killed update left. Ctrl-C before that puts it back at once. The
last zone in the rotation cannot be drained.
${COMMON_HELP}`;

const UNDRAIN_HELP = `Puts a zone that was drained back into the rotation, once it answers SIP and its trunk is up.

  npm run pbx -- undrain zone2
${COMMON_HELP}`;

/** Progress, out of the way of what a program reads. */
const sayFor = (json: boolean) => (line: string) => {
  if (json) console.error(line);
  else console.log(line);
};

export const drain: Command = {
  help: DRAIN_HELP,
  operands: ["drain", "ZONE"],
  async run(desk, name) {
    const { nodes, connections, json } = desk;
    const zone = zoneNamed(desk, name);
    const say = sayFor(json);
    await abortOnSignals(["SIGINT", "SIGTERM"], (signal) =>
      drainZone({
        controller: () => connections.controller(nodes.access, TIMEOUTS.change),
        zone: () => connections.zone(nodes.access, zone, TIMEOUTS.look),
        name,
        // Whoever asks for it by hand waits for as long as people talk.
        policy: { timeout: Infinity, force: false },
        last: "refuse",
        say,
        warn: console.error,
        signal,
      }),
    );
    if (json) printJson({ zone: name, state: "drain" });
    say(
      `${name} is out of the rotation, and nobody is connected with it. ` +
        `Put it back with: npm run pbx -- undrain ${name} (pulumi up --refresh does so as well)`,
    );
  },
};

export const undrain: Command = {
  help: UNDRAIN_HELP,
  operands: ["undrain", "ZONE"],
  async run(desk, name) {
    const { nodes, connections, json } = desk;
    const zone = zoneNamed(desk, name);
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
