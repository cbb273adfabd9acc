import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

let folder: string;

/** Creates fake commands of a machine without packages. The fake apt fails, except for `update`. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-packages-"));
  for (const part of ["lab", "tools", "bin"]) mkdirSync(join(folder, part));
  program("bin/dpkg-query", "exit 1");
  program("bin/apt-get", "exit 1");
  program("bin/debconf-set-selections", "exit 0");
  program("tools/apt-get.sh", `[ "$7" = update ] || { cat '${folder}/answer'; exit 100; }`);
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

const INSTALL = `
set -euo pipefail
for part in console process packages; do . "${ROOT}/lab/lib/$part.sh"; done
POLICY=$LOG/policy-rc.d SYSTEMD=$LOG/systemd
install_packages "$@"
`;

function install(packages: readonly string[]) {
  const { status, stderr } = spawnSync("bash", ["-c", INSTALL, "lab", ...packages], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: `${folder}/bin:/usr/bin:/bin`,
      LAB: join(folder, "lab"),
      LOG: folder,
      STATE: folder,
    },
  });
  return { status, stderr: stderr.trimEnd() };
}

/** Returns the lab's error about `packages` if apt fails with `answer`. */
function refusal(packages: readonly string[], ...answer: readonly string[]): string {
  writeFileSync(join(folder, "answer"), answer.join("\n"));
  const { status, stderr } = install(packages);
  expect(status).toBe(1);
  return stderr;
}

test("the lab's error names the packages that apt cannot find", () => {
  expect(
    refusal(
      ["nova-api", "glance", "neutron-server", "qemu-utils"],
      "E: Unable to locate package nova-api",
      "Package glance is not available, but is referred to by another package.",
      "E: Package 'glance' has no installation candidate",
      "E: Unable to locate package neutron-server",
    ),
  ).toBe(
    "lab: packages not found: nova-api glance neutron-server; " +
      "add Debian 12 (bookworm) main to /etc/apt/sources.list.d",
  );
});

test("the lab's error has apt's message if apt finds the packages but cannot install them", () => {
  expect(refusal(["glance"], "E: Unable to correct problems, you have held broken packages.")).toBe(
    "lab: could not install packages; to see why, run: apt-get install --no-install-recommends glance; " +
      `log: ${folder}/apt.log: E: Unable to correct problems, you have held broken packages.`,
  );
});

const inFolder = (name: string): boolean => existsSync(join(folder, name));

const OURS = "#!/bin/sh\n# trunkline-lab: packages must not start services\nexit 101\n";

test.each([
  ["removes its own", OURS, false],
  ["keeps another", "#!/bin/sh\nexit 101\n", true],
])("if no package is missing, the lab %s policy-rc.d", (_, rule, stays) => {
  program("bin/dpkg-query", "printf installed");
  writeFileSync(join(folder, "policy-rc.d"), rule);
  expect([install(["glance"]), inFolder("policy-rc.d")]).toEqual([
    { status: 0, stderr: "" },
    stays,
  ]);
});

test("the lab removes its policy-rc.d if packages cannot be installed", () => {
  refusal(["glance"], "E: Unable to correct problems, you have held broken packages.");
  expect(inFolder("policy-rc.d")).toBe(false);
});

describe("on a machine with systemd, the lab", () => {
  beforeEach(() => {
    mkdirSync(join(folder, "systemd"));
    writeFileSync(join(folder, "enabled"), "ssh.service enabled enabled\n");
    const disable = `echo "$*" >>'${folder}/disabled'`;
    program(
      "bin/systemctl",
      `case $1 in list-unit-files) cat '${folder}/enabled' ;; *) ${disable} ;; esac`,
    );
  });

  /** Makes the fake apt enable two services, and then run the script `end`. */
  function aptEnables(end: string): void {
    const units = "mariadb.service enabled enabled\\nvirtlogd.service indirect enabled\\n";
    program(
      "tools/apt-get.sh",
      `case " $* " in *" -s "* | *" update "*) exit ;; esac
      printf '${units}' >>'${folder}/enabled'; ${end}`,
    );
  }

  const disabled = (): string => readFileSync(join(folder, "disabled"), "utf8");
  const DISABLED = "disable --now mariadb.service virtlogd.service\n";

  test("disables the services that the installed packages enable, and no others", () => {
    aptEnables(`[ -x '${folder}/policy-rc.d' ]`);
    expect(install(["mariadb-server"])).toEqual({ status: 0, stderr: "" });
    expect([disabled(), inFolder("policy-rc.d")]).toEqual([DISABLED, false]);
  });

  test("disables, at the next run, the services that a killed installation has enabled", () => {
    aptEnables('kill -KILL "$PPID"');
    expect(install(["mariadb-server"]).status).toBe(null);
    expect([inFolder("disabled"), inFolder("policy-rc.d")]).toEqual([false, true]);
    program("bin/dpkg-query", "printf installed");
    expect(install(["mariadb-server"])).toEqual({ status: 0, stderr: "" });
    expect([disabled(), inFolder("policy-rc.d")]).toEqual([DISABLED, false]);
  });

  test("does not disable services that an operator installs after a failed installation", () => {
    aptEnables("exit 100");
    expect(install(["mariadb-server"]).status).toBe(1);
    expect([disabled(), inFolder("policy-rc.d")]).toEqual([DISABLED, false]);
    writeFileSync(
      join(folder, "enabled"),
      "ssh.service enabled enabled\napt-cacher-ng.service enabled\n",
    );
    program("bin/dpkg-query", "printf installed");
    expect([install(["mariadb-server"]).status, disabled()]).toEqual([0, DISABLED]);
  });

  test("disables nothing if no package was missing", () => {
    program("bin/dpkg-query", "printf installed");
    expect([install(["mariadb-server"]).status, inFolder("disabled")]).toEqual([0, false]);
  });
});
