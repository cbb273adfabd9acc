import type { ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addressTowards } from "../../phones/address-towards";
import { ended, start } from "../../phones/child-process";
import { ensureCommands } from "../../phones/packages";

/** A call that SIPp places. */
export interface LoadCall {
  readonly caller: string;
  /** Password of the caller. */
  readonly secret: string;
  /** Extension to call. The phone with this extension answers the call and hangs up later. */
  readonly callee: string;
}

export interface LoadOptions {
  /** The controller's address. */
  readonly server: string;
  readonly calls: readonly LoadCall[];
  /** Network namespace to call from; null for the namespace of the test. */
  readonly namespace?: string | null;
}

/**
 * Calls from SIPp over TCP. SIPp starts one call per second, and echoes the received RTP. Each call lasts until the
 * callee hangs up.
 */
export class SippLoad {
  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start({ server, calls, namespace = null }: LoadOptions): Promise<SippLoad> {
    await ensureCommands({ sipp: "sip-tester" });
    const folder = await mkdtemp(join(tmpdir(), "sipp-"));
    const users = calls.map(
      ({ caller, secret, callee }) =>
        `${caller};[authentication username=${caller} password=${secret}];${callee}`,
    );
    await writeFile(join(folder, "calls.csv"), ["SEQUENTIAL", ...users, ""].join("\n"), {
      mode: 0o600,
    });
    const address = await addressTowards(server, namespace);
    const child = start(
      namespace,
      [
        "sipp",
        `${server}:5060`,
        "-sf",
        join(__dirname, "sipp-calls.xml"),
        "-nostdin",
        "-inf",
        "calls.csv",
        "-t",
        "tn",
        "-max_socket",
        "100",
        "-i",
        address,
        "-mi",
        address,
        "-rtp_echo",
        "-r",
        "1",
        "-m",
        String(calls.length),
        "-l",
        String(calls.length),
        "-trace_err",
        "-error_file",
        "errors.log",
      ],
      { cwd: folder, stdio: "ignore" },
    );
    return new SippLoad(child, folder);
  }

  /** Resolves when all callees have hung up. @throws Error if a call ended in another way. */
  async ended(): Promise<void> {
    await ended(this.child);
    const errors = await readFile(join(this.folder, "errors.log"), "utf8").catch(() => "");
    await rm(this.folder, { recursive: true });
    if (this.child.exitCode !== 0) {
      throw new Error(
        `SIPp ended with ${String(this.child.exitCode ?? this.child.signalCode)}: ${errors}`,
      );
    }
  }

  kill(): void {
    this.child.kill("SIGKILL");
  }
}
