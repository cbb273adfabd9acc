import { z } from "zod";
import type { SipDriver } from "../core/telephony";
import { renderAsteriskConf } from "./asterisk.conf";
import { type ChronyContext, renderChronyConf } from "./chrony.conf";
import type { ControllerContext, ZoneContext } from "./context";
import { template } from "./engine";
import { renderExtensionsConf } from "./extensions.conf";
import { renderHaproxyCfg } from "./haproxy.cfg";
import { renderIaxConf } from "./iax.conf";
import { renderModulesConf } from "./modules.conf";
import { type NftablesContext, renderNftablesConf } from "./nftables.conf";
import type { NodeFile } from "./node-file";
import { renderPjsipConf } from "./pjsip.conf";
import { renderReportLogins } from "./report-logins";
import { renderRtpConf } from "./rtp.conf";
import { renderSipConf } from "./sip.conf";
import { UNUSED_PARTS } from "./unused";
import { renderUsersSql } from "./users.sql";

const nothing = z.strictObject({});
const renderLoggerConf = template("logger.conf.hbs", nothing);
const renderStasisConf = template("stasis.conf.hbs", z.strictObject({ isChanSip: z.boolean() }));
const renderCdrConf = template("cdr.conf.hbs", nothing);
const renderSorceryConf = template("sorcery.conf.hbs", nothing);
const renderPjprojectConf = template("pjproject.conf.hbs", nothing);
const renderCliConf = template("cli.conf.hbs", nothing);
const renderExtconfigConf = template("extconfig.conf.hbs", nothing);
const renderResConfigSqlite3Conf = template("res_config_sqlite3.conf.hbs", nothing);

/** Returns a file that only root and the user `asterisk` can read. Most of Asterisk's files hold secrets. */
const asterisk = (name: string, content: string): NodeFile => ({
  path: `/etc/asterisk/${name}`,
  content,
  owner: "root:asterisk",
  mode: "0640",
});

/** Returns the file that the start-up check of the golden image reads: the node's role and SIP driver. */
const nodeJson = (node: Record<string, string>): NodeFile => ({
  path: "/etc/trunkline/node.json",
  content: `${JSON.stringify(node)}\n`,
  owner: "root:root",
  mode: "0640",
});

/**
 * Returns the configuration of the program that reports log-ins. systemd passes the file to the program, so only
 * root needs to read the file.
 */
const reportLogins = (zone: ZoneContext): NodeFile => ({
  path: "/etc/trunkline/report-logins.json",
  content: renderReportLogins(zone),
  owner: "root:root",
  mode: "0640",
});

/**
 * Returns the authorized keys of a node. The operator logs in as user `debian`. The stack logs in as root, which
 * saves the time of sudo for each change. The files are separate from the file that a cloud fills with its key pair
 * at the first boot, so keys can change while servers run.
 *
 * @param operator public key of the operator.
 * @param stack public key of the stack.
 */
export function renderAuthorizedKeys(operator: string, stack: string): NodeFile[] {
  const keys = (name: string, group: string, key: string): NodeFile => ({
    path: `/etc/trunkline/${name}`,
    content: `${key}\n`,
    // sshd reads the file as the user that logs in.
    owner: `root:${group}`,
    mode: "0640",
  });
  return [
    keys("authorized_keys", "debian", operator),
    keys("root_authorized_keys", "root", `restrict,port-forwarding ${stack}`),
  ];
}

/** Returns the file from which Debian's nftables.service loads the rules. */
export const renderFirewall = (context: NftablesContext): NodeFile => ({
  path: "/etc/nftables.conf",
  content: renderNftablesConf(context),
  owner: "root:root",
  mode: "0640",
});

/** Returns the file from which Debian's chrony.service reads the configuration of the node's clock. */
export const renderClock = (context: ChronyContext): NodeFile => ({
  path: "/etc/chrony/chrony.conf",
  content: renderChronyConf(context),
  owner: "root:root",
  mode: "0644",
});

/** Files of each driver: the users, and the SIP settings between phones and Asterisk. */
const DRIVER_FILES: Readonly<Record<SipDriver, (zone: ZoneContext) => NodeFile[]>> = {
  chan_sip: (zone) => [asterisk("sip.conf", renderSipConf(zone))],
  pjsip: (zone) => [
    asterisk("pjsip.conf", renderPjsipConf(zone)),
    asterisk("sorcery.conf", renderSorceryConf({})),
    asterisk("cli.conf", renderCliConf({})),
    asterisk("extconfig.conf", renderExtconfigConf({})),
    asterisk("res_config_sqlite3.conf", renderResConfigSqlite3Conf({})),
    asterisk("users.sql", renderUsersSql(zone)),
  ],
};

/** Returns all files that a zone needs for service. With these files, its server is in service after boot. */
export function renderZoneFiles(zone: ZoneContext): NodeFile[] {
  return [
    nodeJson({ role: "pbx", name: zone.name, sipDriver: zone.sipDriver }),
    asterisk("asterisk.conf", renderAsteriskConf(zone)),
    asterisk("modules.conf", renderModulesConf(zone)),
    asterisk("logger.conf", renderLoggerConf({})),
    asterisk("cdr.conf", renderCdrConf({})),
    asterisk("stasis.conf", renderStasisConf({ isChanSip: zone.sipDriver === "chan_sip" })),
    asterisk("rtp.conf", renderRtpConf(zone)),
    asterisk("pjproject.conf", renderPjprojectConf({})),
    ...DRIVER_FILES[zone.sipDriver](zone),
    asterisk("iax.conf", renderIaxConf(zone)),
    asterisk("extensions.conf", renderExtensionsConf(zone)),
    reportLogins(zone),
    ...Object.entries(UNUSED_PARTS).map(([name, content]) => asterisk(name, content)),
  ];
}

/** Returns the settings of the controller's trunkline-admission, which runs in the group `haproxy`. */
const limitsJson = ({ limits, reportPort, zones }: ControllerContext): NodeFile => ({
  path: "/etc/trunkline/limits.json",
  content: `${JSON.stringify({ reportPort, limits, zones }, null, 2)}\n`,
  owner: "root:haproxy",
  mode: "0640",
});

/** Returns all files that the controller needs for service. */
export function renderControllerFiles(controller: ControllerContext): NodeFile[] {
  return [
    nodeJson({ role: "controller", name: "controller" }),
    {
      path: "/etc/haproxy/haproxy.cfg",
      content: renderHaproxyCfg(controller),
      owner: "root:haproxy",
      mode: "0640",
    },
    limitsJson(controller),
  ];
}
