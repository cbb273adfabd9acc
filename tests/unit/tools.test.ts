import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../cli/paths";

let bin: string;

beforeEach(() => {
  bin = mkdtempSync(join(tmpdir(), "trunkline-tools-"));
});
afterEach(() => {
  rmSync(bin, { recursive: true });
});

/** What a script says that has sourced those of the tools as tools/install.sh does. */
function tools(script: string) {
  const source = `cd "${ROOT}/tools"; for part in lib download go; do . ./$part.sh; done`;
  const { status, stdout, stderr } = spawnSync(
    "bash",
    ["-euo", "pipefail", "-c", `${source}\n${script}`],
    {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, HOME: bin, BIN: bin, PULUMI_DOWNLOAD_SITE: "https://site" },
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
