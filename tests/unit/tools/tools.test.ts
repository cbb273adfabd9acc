import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

let bin: string;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), "trunkline-tools-"));
});
afterEach(() => {
  rmSync(bin, { recursive: true });
});

const checksums = (): string => join(bin, "checksums.txt");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

function recordChecksums(files: Readonly<Record<string, string>>): void {
  const lines = Object.entries(files).map(([name, content]) => `${sha256(content)}  ${name}\n`);
  writeFileSync(checksums(), `# A comment.\n${lines.join("")}`);
}

const pins = readFileSync(join(ROOT, "tools/pins.env"), "utf8");
const pin = (name: string): string => new RegExp(`^${name}=(\\S+)`, "m").exec(pins)?.[1] ?? "";
const CLI = `pulumi-v${pin("PULUMI_VERSION")}-linux-x64.tar.gz`;
const PLUGIN = `pulumi-resource-openstack-v${pin("OPENSTACK_PLUGIN_VERSION")}-linux-amd64.tar.gz`;

/** Runs a script after sourcing the files that tools/install.sh sources. Returns the status and the output. */
function tools(script: string) {
  const source = `cd "${ROOT}/tools"; for part in lib download go; do . ./$part.sh; done`;
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["-euo", "pipefail", "-c", `${source}\n${script}`],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        PATH: process.env.PATH,
        HOME: bin,
        BIN: bin,
        PULUMI_DOWNLOAD_SITE: "https://site",
        PULUMI_CHECKSUMS: checksums(),
      },
    },
  );
  return { status, stdout, stderr };
}

test("the error for a missing Go names the required version of Go", () => {
  expect(tools("go() { return 127; }; need_go")).toEqual({
    status: 1,
    stdout: "",
    stderr: expect.stringMatching(/needs Go \S+ or later \(found: none\)\. Install Go /) as string,
  });
});

describe("on a machine without curl,", () => {
  // PATH has only one folder, which has no commands. `apt` is a shell command in place of the installation.
  const download = (apt: string): string => `
    uname() { echo x86_64; }
    apt_install() { echo "apt $*"; ${apt}; }
    PATH=$BIN
    if download_reachable; then echo reachable; else echo out of reach; fi`;

  beforeEach(() => {
    recordChecksums({ [CLI]: "the CLI", [PLUGIN]: "the plugin" });
  });

  test("curl is installed, and the download site is tried", () => {
    const curl = `curl() { [[ "\${*: -1}" == https://site/releases/*/pulumi-* ]]; }`;
    const stdout = "apt curl ca-certificates\nreachable\n";
    expect(tools(download(curl))).toEqual({ status: 0, stdout, stderr: "" });
  });

  test("a message says that nothing can be downloaded if curl cannot be installed", () => {
    expect(tools(download("return 1"))).toEqual({
      status: 0,
      stdout: "apt curl ca-certificates\nout of reach\n",
      stderr:
        "tools: cannot download: curl is missing; install it with: apt-get install curl ca-certificates\n",
    });
  });
});

describe("a download", () => {
  // The site returns the same file for every request.
  const download = `
    curl() { while [[ $1 != --output ]]; do shift; done; printf %s "the CLI" >"$2"; }
    uname() { echo x86_64; }
    read -r url < <(download_urls)
    download "$url" "$BIN/file"
    cat "$BIN/file"`;

  test("is used if it has the recorded checksum", () => {
    recordChecksums({ [CLI]: "the CLI" });
    expect(tools(download)).toEqual({ status: 0, stdout: "the CLI", stderr: "" });
  });

  test("is rejected if it has another checksum", () => {
    recordChecksums({ [CLI]: "the CLI of a year ago" });
    const { status, stdout, stderr } = tools(download);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("does not match its recorded checksum; the file is not used");
  });

  test("is not attempted without a recorded checksum", () => {
    recordChecksums({ [CLI]: "the CLI" });
    const script =
      "uname() { echo x86_64; }; curl() { echo asked; }; download_reachable || echo no";
    expect(tools(script)).toEqual({
      status: 0,
      stdout: "no\n",
      stderr: `tools: not downloading, because checksums.txt has no checksum for https://site/releases/plugins/${PLUGIN}\n`,
    });
  });
});
