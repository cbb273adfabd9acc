import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

let folder: string;

/** Creates fake commands of a machine on which KVM runs every guest. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "trunkline-kvm-"));
  for (const part of ["bin", "cache", "lab/lib", "parts/boot", "parts/bin", "tools"]) {
    mkdirSync(join(folder, part), { recursive: true });
  }
  cpSync(join(ROOT, "lab/lib/probe-kvm.sh"), join(folder, "lab/lib/probe-kvm.sh"));
  for (const part of ["boot/vmlinuz-6.1", "bin/busybox"]) {
    writeFileSync(join(folder, "parts", part), part);
  }
  program("bin/dpkg-query", "printf 1:7.2");
  program("bin/apt-cache", "echo '  Depends: linux-image-6.1-cloud-amd64'");
  program("bin/dpkg-deb", `tar -C '${folder}/parts' -c .`);
  program("bin/cpio", "cat");
  program("bin/qemu-system-x86_64", "echo TRUNKLINE-GUEST-RAN >serial");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function program(name: string, body: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

/** Runs probe-kvm.sh. Returns its answer and its calls of apt. The script `download` replaces apt's download. */
function probe(download: string) {
  program(
    "tools/apt-get.sh",
    `echo "apt $2"; case $2 in download) ${download} ;; update) touch '${folder}/updated' ;; esac`,
  );
  const { status, stdout, stderr } = spawnSync(
    join(folder, "lab/lib/probe-kvm.sh"),
    [join(folder, "cache"), "/dev/null"],
    { encoding: "utf8", env: { PATH: `${folder}/bin:${process.env.PATH ?? ""}` } },
  );
  const lines = stderr.trimEnd().split("\n");
  return {
    status,
    answer: stdout.trimEnd(),
    reason: lines.at(-1),
    apt: lines.flatMap((line) => /^apt (\S+)/.exec(line)?.[1] ?? []),
  };
}

const OFFLINE = "exit 100";
const ONLINE = "touch kernel.deb";

const cached = (): string[] =>
  readdirSync(join(folder, "cache")).map((name) => name.replace(/-.*/, ""));

const RAN = {
  status: 0,
  answer: "kvm",
  reason: expect.stringMatching(/^kvm: a guest under KVM ended with status 0 /) as string,
};

test("the probe downloads its guest once and uses it again after a reboot", () => {
  expect(probe(ONLINE)).toEqual({ ...RAN, apt: ["download"] });
  expect(probe(OFFLINE)).toEqual({
    status: 0,
    answer: "kvm",
    reason: "kvm: tested earlier in this boot",
    apt: [],
  });
  forgetAnswer();
  expect(probe(OFFLINE)).toEqual({ ...RAN, apt: [] });
  expect(cached()).toEqual(["guest", "kvm", "probe.lock"]);
});

/** Removes the cached answer, which is valid only until the next boot. */
function forgetAnswer(): void {
  for (const name of readdirSync(join(folder, "cache"))) {
    if (name.startsWith("kvm-")) rmSync(join(folder, "cache", name));
  }
}

test("the probe updates the package lists if the mirrors no longer have the kernel", () => {
  const superseded = `[ -e '${folder}/updated' ] || exit 100; ${ONLINE}`;
  expect(probe(superseded)).toEqual({ ...RAN, apt: ["download", "update", "download"] });
});

test("the probe answers qemu until its guest can be downloaded", () => {
  expect(probe(OFFLINE)).toEqual({
    status: 0,
    answer: "qemu",
    reason:
      "qemu: /dev/null was not tested: could not download the test guest. " +
      "The next up tries again; LAB_VIRT=kvm skips the test",
    apt: ["download", "update", "download"],
  });
  expect(cached()).toEqual(["probe.lock"]);
  expect(probe(ONLINE)).toEqual({ ...RAN, apt: ["download"] });
});

test("the probe removes the files of an earlier probe that was killed", () => {
  expect(probe('kill -KILL "$PPID"').status).toBe(null);
  expect(cached()).toHaveLength(2);
  probe(ONLINE);
  expect(cached()).toEqual(["guest", "kvm", "probe.lock"]);
});
