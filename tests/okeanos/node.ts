import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import type { NodeFile } from "../../templates/node-file";
import { type ImageName } from "../calls/support/rootfs";
import { TestServer, type ServerOptions } from "../calls/support/server";
import type { Machine } from "./synnefo";

/** The part of a server's cloud-config (cloud-init) that `CloudNode` uses. */
interface CloudConfig {
  readonly hostname: string;
  readonly ssh_keys: { readonly ed25519_private: string; readonly ed25519_public: string };
  readonly write_files: readonly {
    readonly path: string;
    readonly owner: string;
    readonly permissions: string;
    readonly content: string;
  }[];
}

const SEED = "/var/lib/cloud/seed/nocloud/user-data";

/** Returns a machine's cloud-config: from NoCloud's seed file if there is one, otherwise from the user data. */
function cloudConfigOf({ userData, personality }: Machine): CloudConfig {
  const seed = personality.find(({ path }) => path === SEED)?.content;
  const bytes = seed ?? Buffer.from(userData ?? "", "base64");
  const text = (bytes.readUInt16BE() === 0x1f8b ? gunzipSync(bytes) : bytes).toString();
  return parse(text) as CloudConfig;
}

/** Replacement for systemd. Runs and restarts HAProxy after `systemctl start`, or Asterisk if node.json exists. */
const UNITS = `
while :; do
  if [ -e /run/haproxy/wanted ]; then
    cp /etc/haproxy/haproxy.cfg /run/haproxy/running.cfg
    haproxy -W -db -n 1000 -S /run/haproxy/master.sock,mode,600 -f /etc/haproxy/haproxy.cfg
  elif [ -e /etc/trunkline/node.json ]; then
    asterisk -g -f -U asterisk -G asterisk
  fi
  sleep 0.1
done`;

const SYSTEMCTL: NodeFile = {
  path: "/usr/bin/systemctl",
  owner: "root:root",
  mode: "0755",
  content: `#!/bin/sh
case "$*" in
"start haproxy.service")
  touch /run/haproxy/wanted
  until echo 'show proc' | socat - UNIX-CONNECT:/run/haproxy/master.sock 2>/dev/null | grep -q worker; do
    sleep 0.1
  done ;;
"restart trunkline-preflight.service asterisk.service") pkill -x asterisk || true ;;
"start asterisk.service") ;;
*) echo "no such unit here: $*" >&2; exit 1 ;;
esac
`,
};

/** Server of the simulated cloud, with the programs of a golden image and the files of its cloud-config. */
export class CloudNode extends TestServer {
  static async create(machine: Machine, namespace: string, folder: string): Promise<CloudNode> {
    const config = cloudConfigOf(machine);
    const isController = machine.image === "pbx-controller";
    const options: ServerOptions = {
      name: config.hostname,
      namespace,
      folder,
      sshHostKey: {
        privateKey: config.ssh_keys.ed25519_private,
        publicKey: config.ssh_keys.ed25519_public,
      },
      image: machine.image as ImageName,
      files: [
        SYSTEMCTL,
        ...config.write_files.map(({ permissions, ...file }) => ({ ...file, mode: permissions })),
      ],
      argv: ["/bin/sh", "-c", UNITS],
      runtime: isController
        ? { folder: "haproxy", owner: "root:root" }
        : { folder: "asterisk", owner: "asterisk:asterisk" },
    };
    return new CloudNode(options, await TestServer.prepare(options));
  }
}
