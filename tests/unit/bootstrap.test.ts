import { controllerUserData, userDataFault, zoneUserData } from "../../components/bootstrap";
import { planExchange } from "../../plan/exchange";
import { USER_DATA_LIMIT } from "../../templates/user-data";
import { settingsWith } from "../support/settings";

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
  const hardly = { controllerAddress: "198.251.176.243", address: "203.184.165.209" };
  let exchange = withUsers(1500);
  while (userDataFault(exchange) !== undefined) {
    exchange = { ...exchange, users: exchange.users.slice(0, -10) };
  }
  const sizes = planExchange(settingsWith({ zones: 8 })).zones.map(
    (zone) => zoneUserData(exchange, { ...zone, trunkPeers: [] }, hardly).length,
  );
  expect(Math.max(...sizes)).toBeLessThanOrEqual(USER_DATA_LIMIT);
  expect(Math.max(...sizes)).toBeGreaterThan(USER_DATA_LIMIT * 0.98);
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
