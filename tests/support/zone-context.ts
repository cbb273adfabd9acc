import type { SipDriver } from "../../core/telephony";
import type { ControllerContext, ZoneContext } from "../../templates/context";

/** Returns the context of zone1 in an exchange with `zoneCount` zones. The secrets are descriptive texts. */
export function zone1Of(zoneCount: number, sipDriver: SipDriver = "pjsip"): ZoneContext {
  const others = Array.from({ length: zoneCount - 1 }, (_, index) => index + 2);
  return {
    name: "zone1",
    sipDriver,
    codecs: ["ulaw", "alaw"],
    controllerAddress: "198.51.100.10",
    address: "198.51.100.11",
    fixedIp: "192.168.0.2",
    rtpPorts: { start: 10_000, end: 10_999 },
    ringTimeout: 60,
    callsPerAccount: 4,
    callsPerMinute: 30,
    users: [
      { extension: "1001", name: "Alice Example", secret: "secret-of-1001" },
      { extension: "1002", name: null, secret: "secret-of-1002" },
    ],
    trunkPeers: others.map((number) => ({
      name: `zone${String(number)}`,
      host: `192.168.0.${String(number + 1)}`,
      secret: `secret-of-zone1-and-zone${String(number)}`,
    })),
    logins: { host: "192.168.0.254", port: 5075 },
  };
}

export function controllerOf(zoneCount: number): ControllerContext {
  return {
    balance: "leastconn",
    connectTimeout: 5,
    idleTimeout: 3600,
    phonesPerZone: 1000,
    limits: {
      connectionsPerSource: 600,
      connectionsPerUnknownSource: 40,
      connectionRate: 50,
      bytesPerSecond: 200_000,
      loginTime: 5,
      failuresPerAccount: 10,
      failuresPerSource: 100,
      lockTime: 60,
    },
    reportPort: 5075,
    zones: Array.from({ length: zoneCount }, (_, index) => ({
      name: `zone${String(index + 1)}`,
      fixedIp: `192.168.0.${String(index + 2)}`,
    })),
  };
}
