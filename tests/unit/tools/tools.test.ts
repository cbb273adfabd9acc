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

/** Writes the checksums that are known of files of the download site. */
function know(files: Readonly<Record<string, string>>): void {
  const lines = Object.entries(files).map(([name, content]) => `${sha256(content)}  ${name}\n`);
  writeFileSync(checksums(), `# A comment.\n${lines.join("")}`);
}

/** The versions that are downloaded. */
const pins = readFileSync(join(ROOT, "tools/pins.env"), "utf8");
const pin = (name: string): string => new RegExp(`^${name}=(\\S+)`, "m").exec(pins)?.[1] ?? "";
const CLI = `pulumi-v${pin("PULUMI_VERSION")}-linux-x64.tar.gz`;
const PLUGIN = `pulumi-resource-openstack-v${pin("OPENSTACK_PLUGIN_VERSION")}-linux-amd64.tar.gz`;

/** What a script says that has sourced those of the tools as tools/install.sh does. */
function tools(script: string) {
  const source = `cd "${ROOT}/tools"; for part in lib download go; do . ./$part.sh; done`;
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["-euo", "pipefail", "-c", `${source}\n${script}`],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...{ PATH: process.env.PATH, HOME: bin, BIN: bin },
        ...{ PULUMI_DOWNLOAD_SITE: "https://site", PULUMI_CHECKSUMS: checksums() },
      },
    },
  );
  return { status, stdout, stderr };
}

test("where there is no Go to build with, that is said", () => {
  expect(tools("go() { return 127; }; need_go")).toEqual({
    status: 1,
    stdout: "",
    stderr: expect.stringMatching(/needs Go \S+ or later \(found: none\)\. Install Go /) as string,
  });
});

describe("on a machine without curl", () => {
  // An empty folder is all of PATH; what apt installs there, or does not, is up to `apt`.
  const download = (apt: string): string => `
    uname() { echo x86_64; }
    apt_install() { echo "apt $*"; ${apt}; }
    PATH=$BIN
    if download_reachable; then echo reachable; else echo out of reach; fi`;

  beforeEach(() => {
    know({ [CLI]: "the CLI", [PLUGIN]: "the plugin" });
  });

  test("it is installed, and the download site is asked", () => {
    const curl = `curl() { [[ "\${*: -1}" == https://site/releases/*/pulumi-* ]]; }`;
    const stdout = "apt curl ca-certificates\nreachable\n";
    expect(tools(download(curl))).toEqual({ status: 0, stdout, stderr: "" });
  });

  test("where it cannot be installed, that is the reason why nothing is downloaded", () => {
    expect(tools(download("return 1"))).toEqual({
      status: 0,
      stdout: "apt curl ca-certificates\nout of reach\n",
      stderr:
        "tools: curl is missing, and without it nothing can be downloaded: apt-get install curl ca-certificates\n",
    });
  });
});

describe("what is downloaded", () => {
  // The site has one answer to everything.
  const download = `
    curl() { while [[ $1 != --output ]]; do shift; done; printf %s "the CLI" >"$2"; }
    uname() { echo x86_64; }
    read -r url < <(download_urls)
    download "$url" "$BIN/file"
    cat "$BIN/file"`;

  test("is used if it has the checksum that was recorded", () => {
    know({ [CLI]: "the CLI" });
    expect(tools(download)).toEqual({ status: 0, stdout: "the CLI", stderr: "" });
  });

  test("is not used if it has another one", () => {
    know({ [CLI]: "the CLI of a year ago" });
    const { status, stdout, stderr } = tools(download);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("is not what it was when its checksum was recorded; it is not used");
  });

  test("has a checksum, or is not asked for", () => {
    know({ [CLI]: "the CLI" });
    const script =
      "uname() { echo x86_64; }; curl() { echo asked; }; download_reachable || echo no";
    expect(tools(script)).toEqual({
      status: 0,
      stdout: "no\n",
      stderr: `tools: not downloaded, since its checksum is not known: https://site/releases/plugins/${PLUGIN}\n`,
    });
  });
});
