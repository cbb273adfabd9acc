import { connect } from "node:net";
import { join } from "node:path";
import type { Lock } from "../../../nodes/haproxy/locks";
import type { NodeFile } from "../../../templates/node-file";
import { TestServer, type ServerOptions, type ServerPlace } from "./server";

/** State of a zone in HAProxy's backend, from a line of HAProxy's statistics. */
export interface Backend {
  readonly name: string;
  readonly status: string;
  /** Number of open connections. */
  readonly current: number;
  /** Number of all connections so far. */
  readonly total: number;
  /** Maximum number of connections. */
  readonly limit: number;
}

/** Name of the service that locks sources, for one account or for all. The service's user has the same name. */
const ADMISSION = "trunkline-admission";
/** Path of a file. While the file exists, the service is not started. */
const NO_ADMISSION = "/run/no-admission";

/** Script that runs the service in place of trunkline-admission.service, with the same user, groups and capability. */
const START_ADMISSION = `
install -d -o ${ADMISSION} -g ${ADMISSION} -m 0755 /run/${ADMISSION}
while :; do
  [ -e ${NO_ADMISSION} ] || setpriv --reuid=${ADMISSION} --regid=${ADMISSION} --groups=haproxy --no-new-privs \\
    --inh-caps=-all,+net_admin --ambient-caps=-all,+net_admin --bounding-set=-all,+net_admin \\
    /usr/bin/python3 -sEB /usr/lib/trunkline/admission
  sleep 1
done`;

/** Controller: HAProxy and trunkline-admission from their golden image, with the files of the Pulumi program. */
export class Controller extends TestServer {
  /** @param connections maximum number of connections that HAProxy accepts. Connections to zones do not count. */
  static async create(
    files: readonly NodeFile[],
    place: ServerPlace,
    connections: number,
  ): Promise<Controller> {
    const options: ServerOptions = {
      ...place,
      image: "pbx-controller",
      files,
      // `-n` replaces `maxconn` of haproxy.cfg, because a machine may allow fewer open files than the image's unit.
      argv: [
        "/usr/sbin/haproxy",
        "-W",
        "-db",
        "-n",
        String(connections),
        "-S",
        `/run/haproxy/master.sock,mode,660,group,${ADMISSION}`,
        "-f",
        "/etc/haproxy/haproxy.cfg",
      ],
      helpers: [["sh", "-c", START_ADMISSION]],
      runtime: { folder: "haproxy", owner: "root:root" },
    };
    return new Controller(options, await TestServer.prepare(options));
  }

  async bans(): Promise<Lock[]> {
    return JSON.parse(await this.inside(["/usr/lib/trunkline/bans"])) as Lock[];
  }

  /** Sends a signal to the admission service. After SIGKILL, the service starts again within about a second. */
  async signalAdmission(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL"): Promise<void> {
    await this.inside(["pkill", "--signal", signal, "-u", ADMISSION]);
  }

  /** Ends the admission service permanently. */
  async stopAdmission(): Promise<void> {
    await this.inside(["touch", NO_ADMISSION]);
    await this.signalAdmission("SIGKILL");
  }

  /** Runs a command on HAProxy's stats socket, and returns the output. */
  async admin(command: string): Promise<string> {
    this.running();
    const socket = connect(join(this.root(), "run/haproxy/admin.sock"));
    return new Promise((resolve, reject) => {
      let output = "";
      socket.on("data", (bytes) => (output += bytes.toString()));
      socket.once("error", reject);
      socket.once("end", () => {
        resolve(output);
      });
      socket.write(`${command}\n`);
    });
  }

  /** Returns HAProxy's statistics of the zones. */
  async backends(): Promise<Backend[]> {
    const [header = "", ...rows] = (await this.admin("show stat nodes 4 -1")).trim().split("\n");
    const columns = header.replace(/^# /, "").split(",");
    return rows.map((row) => {
      const values = row.split(",");
      const value = (column: string): string => values[columns.indexOf(column)] ?? "";
      return {
        name: value("svname"),
        status: value("status"),
        current: Number(value("scur")),
        total: Number(value("stot")),
        limit: Number(value("slim")),
      };
    });
  }

  async status(zone: string): Promise<string> {
    const backend = (await this.backends()).find(({ name }) => name === zone);
    if (backend === undefined) throw new Error(`HAProxy has no server ${zone}`);
    return backend.status;
  }
}
