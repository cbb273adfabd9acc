import { planExchange } from "../../../plan/exchange-plan";
import { STACK, settingsWith } from "../../support/settings";

const exchangeOf = (zones: number) => planExchange(settingsWith({ zones }), STACK);

test("zones have names and addresses that follow from their numbers", () => {
  expect(exchangeOf(3).zones.map(({ name, fixedIp }) => [name, fixedIp])).toEqual([
    ["zone1", "192.168.0.2"],
    ["zone2", "192.168.0.3"],
    ["zone3", "192.168.0.4"],
  ]);
});

test("every two zones are trunk peers with a secret that no other two zones have", () => {
  const { zones } = exchangeOf(5);
  const secrets = new Map<string, string[]>();
  for (const zone of zones) {
    expect(zone.trunkPeers.map(({ name }) => name)).toEqual(
      zones.map(({ name }) => name).filter((name) => name !== zone.name),
    );
    for (const { name, secret } of zone.trunkPeers) {
      const pair = [zone.name, name].sort().join(" ");
      secrets.set(pair, [...(secrets.get(pair) ?? []), secret]);
    }
  }
  expect(secrets.size).toBe(10);
  const distinct = [...secrets.values()].map((ofPair) => {
    expect(ofPair).toHaveLength(2);
    expect(new Set(ofPair).size).toBe(1);
    return ofPair[0];
  });
  expect(new Set(distinct).size).toBe(10);
});

test("the host of a trunk peer is the fixed IP of its zone", () => {
  const { zones } = exchangeOf(3);
  const addresses = Object.fromEntries(zones.map(({ name, fixedIp }) => [name, fixedIp]));
  for (const { name, host } of zones.flatMap(({ trunkPeers }) => trunkPeers)) {
    expect(host).toBe(addresses[name]);
  }
});

test("an added zone changes no name, address, host key or existing trunk peer of another node", () => {
  const withoutPeers = ({ zones, controller }: ReturnType<typeof exchangeOf>) => [
    controller,
    ...zones.map(({ name, fixedIp, sshHostKey }) => ({ name, fixedIp, sshHostKey })),
  ];
  expect(withoutPeers(exchangeOf(4)).slice(0, -1)).toEqual(withoutPeers(exchangeOf(3)));
  expect(exchangeOf(4).zones[0]?.trunkPeers.slice(0, 2)).toEqual(
    exchangeOf(3).zones[0]?.trunkPeers,
  );
});

test("a user keeps an explicit secret, and every other user gets a different secret", () => {
  const users = [{ extension: "1001", secret: "an-explicit-secret" }, { range: "1002-1003" }];
  const secrets = planExchange(settingsWith({ users }), STACK).users.map(({ secret }) => secret);
  expect(secrets[0]).toBe("an-explicit-secret");
  expect(new Set(secrets).size).toBe(3);
});

test("the same settings give the same exchange", () => {
  const plain = (exchange: ReturnType<typeof exchangeOf>): unknown =>
    JSON.parse(JSON.stringify(exchange));
  expect(plain(exchangeOf(3))).toEqual(plain(exchangeOf(3)));
});
