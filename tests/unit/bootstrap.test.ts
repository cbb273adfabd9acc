import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { controllerUserData, userDataFault, zoneUserData } from "../../components/bootstrap";
import { planExchange } from "../../plan/exchange";
import { USER_DATA_LIMIT } from "../../templates/user-data";
import { settingsWith } from "../support/settings";

const ADDRESSES = { controllerAddress: "198.51.100.10", address: "198.51.100.11" };
const exchangeOf = (changes: Readonly<Record<string, unknown>>) =>
  planExchange(settingsWith(changes));
const withUsers = (count: number) =>
  exchangeOf({ users: [{ range: `10000-${String(9_999 + count)}` }] });

test("a hundred users fit with room to spare", () => {
  expect(userDataFault(withUsers(100))).toBeUndefined();
});

test("more users than Nova takes are refused, with the number that would fit", () => {
  const fault = userDataFault(withUsers(10_000)) ?? "";
  expect(fault).toMatch(/^pbx:users has 10000 users, which make [0-9]+ bytes/);
  expect(fault).toContain("Nova takes 65535");
  expect(fault).toContain("shorten pbx:users");

  const fitting = Number(/more than about ([0-9]+) users/.exec(fault)?.[1]);
  expect(fitting).toBeGreaterThan(500);
  expect(userDataFault(withUsers(fitting))).toBeUndefined();
});

test("whatever is accepted fits in every zone, with addresses that compress badly", () => {
  let [accepted, refused] = [500, 2000];
  while (refused - accepted > 1) {
    const middle = Math.floor((accepted + refused) / 2);
    [accepted, refused] =
      userDataFault(withUsers(middle)) === undefined ? [middle, refused] : [accepted, middle];
  }
  const hardly = { controllerAddress: "198.251.176.243", address: "203.184.165.209" };
  const exchange = withUsers(accepted);
  const sizes = planExchange(settingsWith({ zones: 8 })).zones.map(
    (zone) => zoneUserData(exchange, { ...zone, trunkPeers: [] }, hardly).length,
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(USER_DATA_LIMIT);
  expect(Math.max(...sizes)).toBeGreaterThan(USER_DATA_LIMIT * 0.98);
});

test("one zone more: these files of the others must know of it, and no other", () => {
  const filesOf = (userData: string): Map<string, string> => {
    const bytes = Buffer.from(userData, "base64");
    const { write_files: files } = parse(gunzipSync(bytes).toString()) as {
      write_files: { path: string; content: string }[];
    };
    return new Map(files.map(({ path, content }) => [path, content]));
  };
  const changed = (before: string, after: string): string[] => {
    const [old, now] = [filesOf(before), filesOf(after)];
    expect([...now.keys()]).toEqual([...old.keys()]);
    return [...now.keys()].filter((path) => now.get(path) !== old.get(path));
  };
  const [two, three] = [exchangeOf({ zones: 2 }), exchangeOf({ zones: 3 })];
  const [zone1, sameZone] = [two.zones[0], three.zones[0]];
  if (zone1 === undefined || sameZone === undefined) {
    throw new Error("an exchange has a zone1");
  }
  expect(
    changed(zoneUserData(two, zone1, ADDRESSES), zoneUserData(three, sameZone, ADDRESSES)),
  ).toEqual(["/etc/asterisk/iax.conf", "/etc/asterisk/extensions.conf"]);
  expect(
    changed(controllerUserData(two, "leastconn"), controllerUserData(three, "leastconn")),
  ).toEqual(["/etc/haproxy/haproxy.cfg"]);
});

test("the largest mesh leaves room for users, and the controller knows all of its zones", () => {
  const exchange = exchangeOf({ zones: 248, users: [{ range: "1000-1499" }] });
  expect(userDataFault(exchange)).toBeUndefined();
  expect(controllerUserData(exchange, "leastconn").length).toBeLessThan(USER_DATA_LIMIT);
});

test("the two drivers are measured by themselves", () => {
  const users = [{ range: "10000-12499" }];
  const faults = ["chan_sip", "pjsip"].map((sipDriver) =>
    userDataFault(exchangeOf({ users, sipDriver, image: "pbx-asterisk-16" })),
  );
  expect(faults.map((fault) => /make ([0-9]+) bytes/.exec(fault ?? "")?.[1])).not.toContain(
    undefined,
  );
});
