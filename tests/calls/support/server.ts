import type { ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ended, hasEnded, run, start } from "../../../phones/child-process";
import { sleep, within } from "../../../phones/within";
import type { SshHostKey } from "../../../plan/ssh-host-key";
import type { NodeFile } from "../../../templates/node-file";
import { type ImageName, rootfs, writeNodeFiles } from "./rootfs";

/** Properties of a server that do not depend on its role. */
export interface ServerPlace {
  /** Host name. */
  readonly name: string;
  readonly namespace: string;
  /** Private folder for the writable layer. */
  readonly folder: string;
  readonly sshHostKey: SshHostKey;
}

export interface ServerOptions extends ServerPlace {
  readonly image: ImageName;
  readonly files: readonly NodeFile[];
  /** Command of the daemon, which runs in the foreground. */
  readonly argv: readonly string[];
  /** Programs that run next to the daemon from boot on. */
  readonly helpers?: readonly (readonly string[])[];
  /** Folder below /run, and its owner. On a real server, systemd creates this folder. */
  readonly runtime: { readonly folder: string; readonly owner: string };
}

/** Deadline for process 1 of a server to start and to mount the file systems, in milliseconds. */
const BOOT_DEADLINE = 10_000;
/** Deadline for a daemon to end after SIGTERM, in milliseconds. */
const STOP_DEADLINE = 10_000;

/**
 * Script of process 1 of the server. The mounts exist only in the server's mount namespace. Process 1 ends on
 * SIGKILL, or when its standard input is closed. All processes of the server end with process 1.
 * Arguments: image, folder of the writable layer, host name, runtime folder and its owner.
 */
const INIT = `
set -e
image=$1 folder=$2 name=$3 runtime=$4 owner=$5
root=$folder/root
mount -t overlay overlay -o "lowerdir=$image,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 run "$root/run"
mount --bind /dev "$root/dev"
mount -t devpts -o newinstance,ptmxmode=0666,gid=5 devpts "$root/dev/pts"
hostname "$name"
chroot "$root" install -d -o "\${owner%:*}" -g "\${owner#*:}" "/run/$runtime"
mkdir "$root/run/sshd"
# The other settings are not applied, because some of them would change the whole machine.
grep '^net\\.ipv4\\.' "$root/etc/sysctl.d/60-trunkline.conf" | sysctl --quiet --load=-
[ ! -e "$root/etc/nftables.conf" ] || chroot "$root" nft -f /etc/nftables.conf
exec chroot "$root" /bin/bash -c 'echo up; read -r'`;

const SSHD = ["/usr/sbin/sshd", "-D", "-e"];

/** Error: a program of a server does not run, so further waiting does not help. The message is the program's output. */
export class DaemonEnded extends Error {}

/** Long-running program in a server. */
interface Service {
  /** `nsenter`, the parent of the program. It ends when the program ends. */
  readonly process: ChildProcess;
  output: string;
}

/** Server of the exchange: a daemon and sshd from a golden image, in namespaces of their own. */
export class TestServer {
  /** Server ID, as the cloud would assign it. */
  readonly id = randomUUID();
  private machine: { readonly process: ChildProcess; readonly init: number } | null = null;
  private daemon: Service | null = null;
  private sshd: Service | null = null;
  private helpers: readonly Service[] = [];

  protected constructor(
    private readonly options: ServerOptions,
    private readonly image: string,
  ) {}

  protected static async prepare(options: ServerOptions): Promise<string> {
    const image = await rootfs(options.image);
    for (const layer of ["upper", "work", "root"]) {
      await mkdir(join(options.folder, layer), { recursive: true, mode: 0o755 });
    }
    await writeNodeFiles(image, join(options.folder, "upper"), [
      hostKeyFile(options),
      ...options.files,
    ]);
    return image;
  }

  get name(): string {
    return this.options.name;
  }

  get namespace(): string {
    return this.options.namespace;
  }

  /** Output of the daemon since its start. */
  get output(): string {
    return this.daemon?.output ?? "";
  }

  /** Output of the helpers since the boot. */
  get helpersOutput(): string {
    return this.helpers.map(({ output }) => output).join("");
  }

  /** Starts the server with its daemon, sshd and helpers. Does not wait until these programs are ready. */
  async boot(): Promise<void> {
    const { namespace, folder, name, runtime } = this.options;
    const isolated = ["--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child=KILL"];
    const init = ["bash", "-c", INIT, "init", this.image, folder, name];
    const machine = start(
      namespace,
      ["unshare", ...isolated, ...init, runtime.folder, runtime.owner],
      { stdio: ["pipe", "pipe", "pipe"] },
    );
    await within(BOOT_DEADLINE, `the boot of ${name}`, says(machine, "up"));
    this.machine = { process: machine, init: await childOf(machine) };
    this.startDaemon();
    this.startSsh();
    this.helpers = (this.options.helpers ?? []).map((argv) => this.serve(argv));
  }

  /** Starts the daemon. The server must be up. */
  startDaemon(): void {
    this.daemon = this.serve(this.options.argv);
  }

  /** Ends the daemon with SIGTERM, and waits for its end. Does nothing if the daemon does not run. */
  async stopDaemon(): Promise<void> {
    if (this.daemon === null || hasEnded(this.daemon.process)) return;
    process.kill(await this.pid(), "SIGTERM");
    await within(STOP_DEADLINE, `the end of ${this.name}'s daemon`, ended(this.daemon.process));
  }

  startSsh(): void {
    this.sshd = this.serve(SSHD);
  }

  /** Kills sshd, and ends all its connections. */
  async killSsh(): Promise<void> {
    if (this.sshd === null) return;
    // Connections outlive the listener, so kill all sshd processes.
    await this.inside(["sh", "-c", "pkill -KILL sshd || true"]);
    await ended(this.sshd.process);
  }

  /** Kills all processes of the server. */
  async kill(): Promise<void> {
    if (this.machine === null) return;
    const { process: machine, init } = this.machine;
    // When process 1 is killed, the kernel ends all other processes and removes the mounts. But process 1 is gone only
    // after each nsenter outside has noticed the end of its child. An nsenter may be stopped, so each is killed first.
    for (const service of [this.daemon, this.sshd, ...this.helpers])
      service?.process.kill("SIGKILL");
    if (!hasEnded(machine)) process.kill(init, "SIGKILL");
    await ended(machine);
    this.machine = null;
  }

  /** Stops or continues the daemon. A stopped daemon keeps all its connections. */
  async signal(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    process.kill(await this.pid(), signal);
    // nsenter stops with its child, but does not continue with its child.
    if (signal === "SIGCONT") this.running().kill(signal);
  }

  /** Waits for the end of the daemon. Returns whether the daemon ended within `ms` milliseconds. */
  async endsWithin(ms: number): Promise<boolean> {
    const daemon = this.running();
    const pid = await this.pid();
    const deadline = performance.now() + ms;
    while (await isAlive(pid)) {
      if (performance.now() > deadline) return false;
      await sleep(100);
    }
    // If the daemon was stopped, nsenter is stopped as well. Continue nsenter, so that it notices the end of its child.
    daemon.kill("SIGCONT");
    await ended(daemon);
    return true;
  }

  /** Returns the process ID of the daemon inside the server. */
  async innerPid(): Promise<string> {
    const status = await readFile(`/proc/${String(await this.pid())}/status`, "utf8");
    return /^NSpid:.*\s(\d+)$/m.exec(status)?.[1] ?? "";
  }

  read(path: string): Promise<string> {
    return readFile(join(this.root(), path), "utf8");
  }

  /** Runs a program in the server as root, and returns its output. */
  inside(argv: readonly string[]): Promise<string> {
    return run(this.enter(argv));
  }

  /**
   * Replaces `/etc` by a full file system with the same files. The returned function restores the original `/etc`.
   */
  async fillEtc(): Promise<() => Promise<void>> {
    await this.inside([
      "sh",
      "-ec",
      `mkdir -p /run/full && mount -t tmpfs -o size=64k full /run/full
       mkdir /run/full/upper /run/full/work
       mount -t overlay overlay -o lowerdir=/etc,upperdir=/run/full/upper,workdir=/run/full/work /etc
       ! cat /dev/zero >/run/full/ballast 2>/dev/null`,
    ]);
    return async () => {
      await this.inside(["sh", "-ec", "umount --lazy /etc; umount --lazy /run/full"]);
    };
  }

  /** Returns the root directory of the server, as a path of this machine. */
  protected root(): string {
    return `/proc/${String(this.up().init)}/root`;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.options.folder, { recursive: true, force: true });
  }

  /** Returns `nsenter`, the parent of the daemon. @throws {@link DaemonEnded} if the daemon does not run. */
  protected running(): ChildProcess {
    const { daemon } = this;
    if (daemon === null || hasEnded(daemon.process)) throw new DaemonEnded(this.output);
    return daemon.process;
  }

  private pid(): Promise<number> {
    return childOf(this.running());
  }

  private up(): { readonly init: number } {
    if (this.machine === null) throw new Error(`${this.name} was not booted`);
    return this.machine;
  }

  /** Returns the command that runs `argv` in the server as root. */
  enter(argv: readonly string[]): string[] {
    const target = String(this.up().init);
    const namespaces = ["--mount", "--pid", "--net", "--ipc", "--uts", "--root", "--wd"];
    return ["nsenter", "--target", target, ...namespaces, "--", ...argv];
  }

  private serve(argv: readonly string[]): Service {
    const child = start(null, this.enter(argv), { stdio: ["ignore", "pipe", "pipe"] });
    const service: Service = { process: child, output: "" };
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes: Buffer) => (service.output += bytes.toString()));
    }
    return service;
  }
}

/** Returns the file that cloud-init creates from the host key in the user data. */
const hostKeyFile = ({ sshHostKey }: ServerPlace): NodeFile => ({
  path: "/etc/ssh/ssh_host_ed25519_key",
  content: sshHostKey.privateKey,
  owner: "root:root",
  mode: "0600",
});

/** Resolves when `child` prints `word`. @throws {@link DaemonEnded} if `child` ends first. */
function says(child: ChildProcess, word: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (bytes: Buffer) => {
        output += bytes.toString();
        if (output.includes(word)) resolve();
      });
    }
    child.once("exit", () => {
      reject(new DaemonEnded(output));
    });
  });
}

/** Returns whether a process has not ended. A zombie has ended. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${String(pid)}/status`, "utf8").catch(() => "State:\tZ");
  return !/^State:\s+[ZX]/m.test(status);
}

/** Returns the process ID of the only child of a process. */
async function childOf({ pid }: ChildProcess): Promise<number> {
  const process = String(pid);
  const children = await readFile(`/proc/${process}/task/${process}/children`, "utf8");
  if (children.trim() === "") throw new Error("the program was not started yet");
  return Number(children);
}
