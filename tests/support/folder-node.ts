import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Duplex } from "node:stream";
import { Agent, AGENT_COMMAND } from "../../ssh/agent";
import { ScriptFailed, type Session } from "../../ssh/session";

/** Matches the first slash of each path below a folder of the node. */
const PATHS = /(?<![\w.])\/(?=(?:etc|run|var|usr\/lib\/trunkline)\/)/g;

/**
 * A node that is a folder on this machine and runs the provider's real agent. Paths below `/etc`, `/run`, `/var` and
 * `/usr/lib/trunkline` are mapped into the folder. The node has the programs of this machine, and those that a test
 * installs.
 */
export class FolderNode implements Session {
  readonly root = mkdtempSync(join(tmpdir(), "trunkline-node-"));
  private readonly process = spawn("sh", ["-c", `exec ${AGENT_COMMAND}`], {
    env: { ...process.env, PATH: `${this.at("/bin")}:${process.env.PATH ?? ""}` },
  });
  private readonly agent = new Agent(this.process.stdin, this.process.stdout);

  constructor(readonly node: string) {}

  /** Returns the path on this machine of the node's file `path`. */
  at(path: string): string {
    return join(this.root, path);
  }

  read(path: string): string {
    return readFileSync(this.at(path), "utf8");
  }

  write(path: string, content: string, mode = 0o640): void {
    mkdirSync(dirname(this.at(path)), { recursive: true });
    writeFileSync(this.at(path), content, { mode });
  }

  /** Installs a program on the node. The script may use the node's paths. */
  program(name: string, script: string): void {
    this.write(
      name.startsWith("/") ? name : `/bin/${name}`,
      `#!/bin/sh\n${this.inside(script)}`,
      0o755,
    );
  }

  async run(script: string): Promise<string> {
    const { exitCode, stdout, stderr } = (await this.ask({ do: "run", script, input: "" })) as {
      exitCode: number;
      stdout: string;
      stderr: string;
    };
    const [output = "", complaints = ""] = [stdout, stderr].map((text) =>
      this.outside(Buffer.from(text, "base64").toString()),
    );
    if (exitCode !== 0) throw new ScriptFailed(this.node, exitCode, output, complaints);
    return output;
  }

  async ask(request: object): Promise<unknown> {
    const there = JSON.parse(this.inside(JSON.stringify(request))) as object;
    return JSON.parse(this.outside(JSON.stringify(await this.agent.ask(there))));
  }

  connect(): Promise<Duplex> {
    return Promise.reject(new Error("connect is not supported by FolderNode"));
  }

  async remove(): Promise<void> {
    this.process.stdin.end();
    await once(this.process, "exit");
    rmSync(this.root, { recursive: true });
  }

  private inside(text: string): string {
    return text.replace(PATHS, `${this.root}/`);
  }

  private outside(text: string): string {
    return text.replaceAll(`${this.root}/`, "/");
  }
}
