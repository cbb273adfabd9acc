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

/** Asterisk reads its files as user `asterisk`, and nobody else does: most of them hold secrets. */
const asterisk = (name: string, content: string): NodeFile => ({
  path: `/etc/asterisk/${name}`,
  content,
  owner: "root:asterisk",
  mode: "0640",
});

/** What the golden image's start-up check reads: which of the drivers this node is going to need. */
const nodeJson = (node: Record<string, string>): NodeFile => ({
  path: "/etc/trunkline/node.json",
  content: `${JSON.stringify(node)}\n`,
  owner: "root:root",
  mode: "0640",
});

/** What the program that reports log-ins reads; systemd hands it over, so that root alone need read it. */
const reportLogins = (zone: ZoneContext): NodeFile => ({
  path: "/etc/trunkline/report-logins.json",
  content: renderReportLogins(zone),
  owner: "root:root",
  mode: "0640",
});

/**
 * Who may log in: the operator as user `debian`, and the stack itself as root, which spares each of
 * its edits the time that sudo takes. Files of ours, and not those that a cloud's key pair fills at
 * the first boot: keys can change while servers run.
 *
 * @param operator public key, as is `stack`.
 */
export function renderAuthorizedKeys(operator: string, stack: string): NodeFile[] {
  const keys = (name: string, group: string, key: string): NodeFile => ({
    path: `/etc/trunkline/${name}`,
    content: `${key}\n`,
    // sshd reads it as the user who logs in.
    owner: `root:${group}`,
    mode: "0640",
  });
  return [
    keys("authorized_keys", "debian", operator),
    keys("root_authorized_keys", "root", `restrict,port-forwarding ${stack}`),
  ];
}

/** Where Debian's nftables.service looks for its rules. */
export const renderFirewall = (context: NftablesContext): NodeFile => ({
  path: "/etc/nftables.conf",
  content: renderNftablesConf(context),
  owner: "root:root",
  mode: "0640",
});

/** How the node keeps its clock, where Debian's chrony.service looks for it. */
export const renderClock = (context: ChronyContext): NodeFile => ({
  path: "/etc/chrony/chrony.conf",
  content: renderChronyConf(context),
  owner: "root:root",
  mode: "0644",
});

/** Its users, and how phones and Asterisk speak with each other. */
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

/** All that a zone serves with: its server boots into service with these files. */
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

/** Settings of the controller's trunkline-admission, which runs in the group `haproxy`. */
const limitsJson = ({ limits, reportPort, zones }: ControllerContext): NodeFile => ({
  path: "/etc/trunkline/limits.json",
  content: `${JSON.stringify({ reportPort, limits, zones }, null, 2)}\n`,
  owner: "root:haproxy",
  mode: "0640",
});

/** All that the controller serves with. */
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
