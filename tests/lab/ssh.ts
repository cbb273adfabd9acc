import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { quote } from "../../core/text";

const run = promisify(execFile);

/** Data needed to log in to the nodes of an exchange. */
export interface LabAccess {
  /** Folder for `known_hosts`. */
  readonly directory: string;
  readonly privateKeyFile: string;
  readonly controllerAddress: string;
  /** Public host key of each node by name. SSH rejects a node that has another key. */
  readonly sshHostKeys: Readonly<Record<string, string>>;
}

/** Runs `script` as root on the zone with `fixedIp`; without `fixedIp`, on the controller. Returns the output. */
export async function onNode(access: LabAccess, script: string, fixedIp?: string): Promise<string> {
  const { directory, privateKeyFile, controllerAddress, sshHostKeys } = access;
  const knownHosts = join(directory, "known_hosts");
  writeFileSync(
    knownHosts,
    Object.entries(sshHostKeys)
      .map(([name, key]) => `${name} ${key}\n`)
      .join(""),
  );
  const common = [
    "-o",
    "BatchMode=yes",
    "-o",
    "StrictHostKeyChecking=yes",
    "-o",
    "ConnectTimeout=20",
    "-o",
    `UserKnownHostsFile=${knownHosts}`,
    "-i",
    privateKeyFile,
  ];
  const controller = [...common, "-o", "HostKeyAlias=controller", `debian@${controllerAddress}`];
  const target =
    fixedIp === undefined
      ? controller
      : [
          ...common,
          "-o",
          `HostKeyAlias=${zoneName(fixedIp)}`,
          "-o",
          `ProxyCommand=ssh -W %h:%p ${controller.join(" ")}`,
          `debian@${fixedIp}`,
        ];
  const { stdout } = await run("ssh", [...target, "sudo", "sh", "-c", quote(script)], {
    maxBuffer: 1 << 24,
  });
  return stdout;
}

/** Returns the name of the zone with a fixed IP. The last byte is 2 for zone1, 3 for zone2, and so on. */
const zoneName = (fixedIp: string): string => `zone${String(Number(fixedIp.split(".")[3]) - 1)}`;
