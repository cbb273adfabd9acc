import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../core/paths";

/** Returns the settings of a systemd unit in an image element, as `Section.Key=value`. */
function settings(element: string, unit: string): string[] {
  const path = join(ROOT, "images/elements", element, "static/etc/systemd/system", unit);
  let section = "";
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      const header = /^\[(\w+)\]$/.exec(line);
      if (header !== null) section = header[1] ?? "";
      return header !== null || line === "" || line.startsWith("#") ? [] : [`${section}.${line}`];
    });
}

const DAEMONS = [
  ["pbx-asterisk", "asterisk.service"],
  ["pbx-asterisk", "trunkline-watchdog.service"],
  ["pbx-controller", "haproxy.service"],
  ["pbx-node", "ssh.service.d/trunkline.conf"],
] as const;

// The setting that disables the limit of restarts must be in [Unit], because systemd ignores it in [Service].
// StartLimitBurst alone is not enough (systemd.unit(5)).
test.each(DAEMONS)("in %s, systemd restarts %s without a limit", (element, unit) => {
  const all = settings(element, unit);
  expect(all).toContain("Unit.StartLimitIntervalSec=0");
  expect(all).toContain("Service.Restart=always");
  expect(all.filter((line) => /^Service\.RestartSec=\d+$/.test(line))).toHaveLength(1);
});

test.each([
  ["pbx-asterisk", "asterisk.service"],
  ["pbx-controller", "haproxy.service"],
] as const)("in %s, %s starts only after the packet filter", (element, unit) => {
  const words = (key: string): string[] =>
    settings(element, unit).flatMap((line) =>
      line.startsWith(`Unit.${key}=`) ? line.slice(key.length + 6).split(" ") : [],
    );
  expect(words("Requires")).toContain("nftables.service");
  expect(words("After")).toContain("nftables.service");
  // Otherwise "systemctl restart nftables" would restart the units that require nftables, and cut their calls.
  expect(settings("pbx-node", "nftables.service")).toContain("Unit.RefuseManualStop=yes");
});

test("Asterisk and its watchdog run as user asterisk, and cannot gain privileges", () => {
  expect(settings("pbx-asterisk", "asterisk.service")).toEqual(
    expect.arrayContaining(["Service.User=asterisk", "Service.NoNewPrivileges=yes"]),
  );
  expect(settings("pbx-asterisk", "trunkline-watchdog.service")).toEqual(
    expect.arrayContaining([
      "Service.User=asterisk",
      "Service.NoNewPrivileges=yes",
      "Service.CapabilityBoundingSet=",
      "Service.ProtectSystem=strict",
    ]),
  );
});
