import { run } from "../../phones/command";
import { HostFirewall } from "../../components/cloud/host-firewall";
import { planExchange } from "../../plan/exchange";
import { firewallRules, type Role } from "../../plan/firewall";
import { STACK, settingsWith } from "../support/settings";

const OPERATORS = ["203.0.113.0/24", "198.51.100.7/32"];

function rulesOf(role: Role): string {
  const exchange = planExchange(settingsWith({ zones: 3 }), STACK);
  const [file] = new HostFirewall(exchange, firewallRules(OPERATORS)).files(role);
  return file?.content ?? "";
}

/** In a network of its own, where it filters nobody. Loaded twice, as each edit does. */
const LOAD = `
nft -c -f - <<<"$1"
nft -f - <<<"$1"
nft -f - <<<"$1"
nft list ruleset`;

test.each<Role>(["controller", "zone"])("nft takes the rules of a %s, twice over", async (role) => {
  const list = await run(["unshare", "--net", "bash", "-ec", LOAD, "nft", rulesOf(role)]);
  expect(list.match(/^table /gm)).toEqual(["table "]);
  expect(list).toContain("policy drop;");
});
