import type { ChildProcess } from "node:child_process";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { ended, hasEnded, run, start } from "../../../phones/command";
import type { NodeFile } from "../../../templates/node-file";
import { type Image, rootfs, writeNodeFiles } from "./rootfs";

export interface ServerOptions {
  readonly image: Image;
  readonly namespace: string;
  readonly files: readonly NodeFile[];
  /** Private folder for the writable layer. */
  readonly folder: string;
  /** The daemon, in the foreground. */
  readonly argv: readonly string[];
  /** Folder below /run that systemd would make, and its owner. */
  readonly runtime: { readonly folder: string; readonly owner: string };
}

/**
 * Process 1 of the server, which has the daemon as its child: the kernel ends the server with it, and
 * ends it with `unshare`. The daemon itself would outlive `unshare`, since a process that changes its
 * user no longer gets the signal of its parent's death. The mounts are seen in here alone.
 * Arguments: image, writable layer, runtime folder and its owner, daemon.
 */
const BOOT = `
set -e
image=$1 folder=$2 runtime=$3 owner=$4; shift 4
root=$folder/root
mount -t overlay overlay -o "lowerdir=$image,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 run "$root/run"
mount --bind /dev "$root/dev"
chroot "$root" install -d -o "\${owner%:*}" -g "\${owner#*:}" "/run/$runtime"
chroot "$root" "$@"
exit`;

/** Waiting does not help. The message is what the daemon printed. */
export class DaemonEnded extends Error {}

/** A server of the exchange: one daemon from a golden image, in namespaces of its own. */
export class Server {
  /** What the daemon printed since it was started. */
  output = "";
  private child: ChildProcess | null = null;

  protected constructor(
    private readonly options: ServerOptions,
    private readonly image: string,
  ) {}

  protected static async prepare(options: ServerOptions): Promise<string> {
    const image = await rootfs(options.image);
    for (const layer of ["upper", "work", "root"]) {
      await mkdir(join(options.folder, layer), { recursive: true, mode: 0o755 });
    }
    await writeNodeFiles(image, join(options.folder, "upper"), options.files);
    return image;
  }

  /** Starts the daemon. It serves a little later. */
  boot(): void {
    const { namespace, folder, runtime, argv } = this.options;
    const isolated = ["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child=KILL"];
    const boot = ["bash", "-c", BOOT, "boot", this.image, folder, runtime.folder, runtime.owner];
    this.child = start(namespace, [...isolated, ...boot, ...argv], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.output = "";
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on("data", (bytes: Buffer) => (this.output += bytes.toString()));
    }
  }

  /** The power cut: nobody is told. */
  async kill(): Promise<void> {
    if (this.child === null) return;
    if (!hasEnded(this.child)) this.child.kill("SIGKILL");
    await ended(this.child);
  }

  /** The daemon stays, with all its connections, but does nothing until `SIGCONT`. */
  async signal(signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
    process.kill(await this.pid(), signal);
  }

  /** A file as the daemon sees it. */
  async read(path: string): Promise<string> {
    return readFile(join(await this.root(), path), "utf8");
  }

  /** The daemon's root directory, seen from here. */
  protected async root(): Promise<string> {
    return `/proc/${String(await this.pid())}/root`;
  }

  /** Runs a program beside the daemon. */
  protected async inside(argv: readonly string[]): Promise<string> {
    const pid = String(await this.pid());
    return run(["nsenter", "--target", pid, "--mount", "--pid", "--net", "--root", "--", ...argv]);
  }

  /** The daemon: the child of process 1, which is the child of `unshare`. */
  private async pid(): Promise<number> {
    const { child } = this;
    if (child?.pid === undefined || hasEnded(child)) throw new DaemonEnded(this.output);
    const init = await onlyChild(child.pid);
    const daemon = init === null ? null : await onlyChild(init);
    if (daemon === null) throw new Error("the daemon was not started yet");
    return daemon;
  }

  async remove(): Promise<void> {
    await this.kill();
    await rm(this.options.folder, { recursive: true, force: true });
  }
}

/** Null while it has none. */
async function onlyChild(pid: number): Promise<number | null> {
  const children = await readFile(`/proc/${String(pid)}/task/${String(pid)}/children`, "utf8");
  return children.trim() === "" ? null : Number(children);
}
