import { connect } from "node:net";
import { join } from "node:path";
import type { NodeFile } from "../../../templates/node-file";
import { Server, type ServerOptions, type ServerPlace } from "./server";

/** A line of HAProxy's statistics: a server of the backend. */
export interface Backend {
  readonly name: string;
  readonly status: string;
  /** Connections at present, and since the start. */
  readonly current: number;
  readonly total: number;
  /** Connections at the most. */
  readonly limit: number;
}

/** The controller: HAProxy from its golden image, with the file the program renders. */
export class Controller extends Server {
  /** @param connections that HAProxy takes at the most, from phones and to zones counted once. */
  static async create(
    files: readonly NodeFile[],
    place: ServerPlace,
    connections: number,
  ): Promise<Controller> {
    const options: ServerOptions = {
      ...place,
      image: "pbx-controller",
      files,
      // The limit on open files that the image's unit raises cannot be raised everywhere.
      argv: [
        "/usr/sbin/haproxy",
        ...["-W", "-db", "-n", String(connections)],
        ...["-S", "/run/haproxy/master.sock,mode,600"],
        ...["-f", "/etc/haproxy/haproxy.cfg"],
      ],
      runtime: { folder: "haproxy", owner: "root:root" },
    };
    return new Controller(options, await Server.prepare(options));
  }

  /** Runs a command on HAProxy's stats socket. */
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

  /** The zones, as HAProxy sees them. */
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
    if (backend === undefined) throw new Error(`HAProxy knows no ${zone}`);
    return backend.status;
  }
}
