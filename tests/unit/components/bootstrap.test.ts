import { userData, usersFitUserData } from "../../../components/bootstrap";
import { controllerFiles, type HaproxySettings, zoneFiles } from "../../../components/node-files";
import { type ExchangePlan, planExchange } from "../../../plan/exchange-plan";
import type { NodeFile } from "../../../templates/node-file";
import { USER_DATA_LIMIT } from "../../../templates/user-data";
import { STACK, settingsWith } from "../../support/settings";

const ADDRESSES = { controllerAddress: "198.51.100.10", address: "198.51.100.11" };
const HAPROXY: HaproxySettings = { balance: "leastconn", connectTimeout: 5, idleTimeout: 3600 };
const exchangeOf = (changes: Readonly<Record<string, unknown>>) =>
  planExchange(settingsWith(changes), STACK);
const withUsers = (count: number) =>
  exchangeOf({ users: [{ range: `10000-${String(9_999 + count)}` }] });

function zone1({ zones }: ExchangePlan): ExchangePlan["zones"][number] {
  const [zone] = zones;
  if (zone === undefined) {
    throw new Error("the exchange has no zone1");
  }
  return zone;
}

test("1000 users fit into user data, and 10000 users do not", () => {
  expect(usersFitUserData(withUsers(1000))).toBe(true);
  expect(usersFitUserData(withUsers(10_000))).toBe(false);
});

test("the largest number of users that usersFitUserData accepts fits, even if addresses compress badly", () => {
  let [fitting, beyond] = [500, 8000];
  while (beyond - fitting > 1) {
    const middle = Math.floor((fitting + beyond) / 2);
    [fitting, beyond] = usersFitUserData(withUsers(middle)) ? [middle, beyond] : [fitting, middle];
  }
  const hardly = { controllerAddress: "198.251.176.243", address: "203.184.165.209" };
  const exchange = withUsers(fitting);
  const sizes = planExchange(settingsWith({ zones: 8 }), STACK).zones.map(
    (zone) => userData(zone, zoneFiles(exchange, { ...zone, trunkPeers: [] }, hardly)).length,
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(USER_DATA_LIMIT);
  expect(Math.max(...sizes)).toBeGreaterThan(USER_DATA_LIMIT * 0.98);
});

test.each(["chan_sip", "pjsip"])("30 users fit in user data with 248 zones (%s)", (sipDriver) => {
  // The longest names that have only four-byte characters: 76 bytes. The maximum is 79 bytes.
  const users = Array.from({ length: 30 }, (_, index) => ({
    extension: String(10_000 + index),
    name: "\u{1d4d0}".repeat(19),
  }));
  const exchange = exchangeOf({ zones: 248, sipDriver, image: "pbx-asterisk-16", users });
  const zone = zone1(exchange);
  const { length } = userData(zone, zoneFiles(exchange, zone, ADDRESSES));
  expect(usersFitUserData(exchange)).toBe(true);
  expect(length).toBeLessThan(USER_DATA_LIMIT);
});

test.each(["chan_sip", "pjsip"])(
  "user data without users takes less than half of its limit with 248 zones (%s)",
  (sipDriver) => {
    const mesh = exchangeOf({ zones: 248, sipDriver, image: "pbx-asterisk-16" });
    const boot = { ...mesh, users: [] };
    const zone = zone1(boot);
    const sizes = [
      userData(zone, zoneFiles(boot, zone, ADDRESSES)),
      userData(boot.controller, controllerFiles(boot, HAPROXY)),
    ].map(({ length }) => length);
    expect(Math.max(...sizes)).toBeLessThan(USER_DATA_LIMIT / 2);
  },
);

describe("the files", () => {
  const changed = (before: readonly NodeFile[], after: readonly NodeFile[]): string[] => {
    expect(after.map(({ path }) => path)).toEqual(before.map(({ path }) => path));
    return after
      .filter(({ content }, index) => content !== before[index]?.content)
      .map(({ path }) => path);
  };
  const ofZone1 = (changes: Readonly<Record<string, unknown>>): NodeFile[] => {
    const exchange = exchangeOf(changes);
    return zoneFiles(exchange, zone1(exchange), ADDRESSES);
  };
  const base = { zones: 2, users: [{ extension: "1001" }] };

  test.each([
    ["the number of zones", { zones: 3 }, ["iax.conf", "extensions.conf"]],
    ["the number of users", { users: [{ range: "1001-1002" }] }, ["users of the driver"]],
    ["a user's name", { users: [{ extension: "1001", name: "Alice" }] }, ["users of the driver"]],
    ["the codecs", { codecs: ["alaw"] }, ["modules.conf", "users of the driver", "iax.conf"]],
    ["the ring timeout", { ringTimeout: 30 }, ["extensions.conf"]],
  ])("of a zone that depend on %s (%j) are %j", (_, change, files) => {
    for (const [driver, users] of [
      [{}, "users.sql"],
      [{ sipDriver: "chan_sip", image: "pbx-asterisk-16" }, "sip.conf"],
    ] as const) {
      const edited = ofZone1({ ...base, ...driver, ...change });
      expect(changed(ofZone1({ ...base, ...driver }), edited).sort()).toEqual(
        files
          .map((file) => `/etc/asterisk/${file === "users of the driver" ? users : file}`)
          .sort(),
      );
    }
  });

  test("haproxy.cfg and limits.json depend on the zones, and only haproxy.cfg depends on HAProxy's settings", () => {
    const files = (zones: number, haproxy = HAPROXY) =>
      controllerFiles(exchangeOf({ zones }), haproxy);
    const cfg = ["/etc/haproxy/haproxy.cfg"];
    expect(changed(files(2), files(3))).toEqual([...cfg, "/etc/trunkline/limits.json"]);
    for (const change of [{ balance: "source" }, { connectTimeout: 9 }, { idleTimeout: 300 }]) {
      expect(changed(files(2), files(2, { ...HAPROXY, ...change } as HaproxySettings))).toEqual(
        cfg,
      );
    }
  });

  test("of a zone include the operator's key and, for root, the stack's own key", () => {
    const { accessKey } = exchangeOf(base);
    expect(ofZone1(base).filter(({ path }) => path.endsWith("authorized_keys"))).toEqual([
      {
        path: "/etc/trunkline/authorized_keys",
        content: `${settingsWith().sshPublicKey}\n`,
        owner: "root:debian",
        mode: "0640",
      },
      {
        path: "/etc/trunkline/root_authorized_keys",
        content: `restrict,port-forwarding ${accessKey.publicKey}\n`,
        owner: "root:root",
        mode: "0640",
      },
    ]);
    expect(accessKey.publicKey).toMatch(/^ssh-ed25519 \S+ trunkline$/);
  });
});
