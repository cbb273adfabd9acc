import { z } from "zod";
import type { SipDriver } from "../core/telephony";
import { renderAsteriskConf } from "./asterisk.conf";
import { renderNodeJson } from "./base-files";
import type { ZoneContext } from "./context";
import { template } from "./engine";
import { renderExtensionsConf } from "./extensions.conf";
import { renderIaxConf } from "./iax.conf";
import { renderModulesConf } from "./modules.conf";
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

/** Returns a file that only root and the user `asterisk` can read. Some of Asterisk's files hold secrets. */
const asterisk = (name: string, content: string): NodeFile => ({
  path: `/etc/asterisk/${name}`,
  content,
  owner: "root:asterisk",
  mode: "0640",
});

/**
 * Returns the configuration of `report-logins`, which reports log-ins to the controller. systemd passes the file to
 * `report-logins`, so only root needs to read the file.
 */
const reportLogins = (zone: ZoneContext): NodeFile => ({
  path: "/etc/trunkline/report-logins.json",
  content: renderReportLogins(zone),
  owner: "root:root",
  mode: "0640",
});

/** Files of each SIP driver: the users, and the SIP settings between phones and Asterisk. */
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

/** Returns the files that a zone needs for service, besides the base files of every node. */
export function renderZoneFiles(zone: ZoneContext): NodeFile[] {
  return [
    renderNodeJson({ role: "pbx", name: zone.name, sipDriver: zone.sipDriver }),
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
