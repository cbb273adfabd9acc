import { baseFiles } from "../../../components/node-files";
import { planExchange } from "../../../plan/exchange-plan";
import { filterOf, firewallRules, type Role } from "../../../plan/firewall-rules";
import { STACK, settingsWith } from "../../support/settings";

const OPERATORS = ["203.0.113.0/24", "198.51.100.7/32"];
const exchange = planExchange(settingsWith({ zones: 3, operatorCidrs: OPERATORS }), STACK);

/** Returns the rules of a chain that come from `firewallRules`, without the fixed rules of every node. */
function chain(role: Role, name: "input" | "output"): string[] {
  const file = baseFiles(exchange, role).find(({ path }) => path === "/etc/nftables.conf");
  const [, text = ""] =
    new RegExp(`chain ${name} \\{([^}]*\\}[^}]*)\\}`).exec(file?.content ?? "") ?? [];
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => / comment "(?:zone|controller)-/.test(line))
    .map((line) => line.replace(ANSWERS, "(answers)"));
}
const ANSWERS = "tcp flags & (syn | ack) != syn";

const ZONES = "192.168.0.2-192.168.0.249";
const CONTROLLER = "192.168.0.254";
const inside = "ip daddr 192.168.0.0/24";

test("a zone receives SIP, SSH, NTP and answers from the controller, IAX2 from its peers, and media", () => {
  expect(chain("zone", "input")).toEqual([
    `ip saddr ${CONTROLLER} ${inside} tcp dport 5060 accept comment "zone-sip"`,
    'udp dport 10000-10999 accept comment "zone-rtp"',
    `ip saddr ${ZONES} ${inside} udp sport 4569 udp dport 4569 accept comment "zone-iax2"`,
    `ip saddr ${CONTROLLER} ${inside} tcp sport 5075 (answers) accept comment "controller-reports"`,
    `ip saddr ${CONTROLLER} ${inside} udp sport 123 udp dport 123 accept comment "controller-ntp"`,
    `ip saddr ${CONTROLLER} ${inside} tcp dport 22 accept comment "zone-ssh"`,
  ]);
});

test("a zone sends answers, NTP, IAX2, media from RTP ports, and reports, but no reports of user asterisk", () => {
  expect(chain("zone", "output")).toEqual([
    `ip daddr ${CONTROLLER} tcp sport 5060 (answers) accept comment "zone-sip"`,
    'udp sport 10000-10999 accept comment "zone-rtp"',
    `ip daddr ${ZONES} udp sport 4569 udp dport 4569 accept comment "zone-iax2"`,
    `ip daddr ${CONTROLLER} tcp dport 5075 meta skuid "asterisk" reject with icmpx type admin-prohibited comment "controller-reports"`,
    `ip daddr ${CONTROLLER} tcp dport 5075 accept comment "controller-reports"`,
    `ip daddr ${CONTROLLER} udp sport 123 udp dport 123 accept comment "controller-ntp"`,
    `ip daddr ${CONTROLLER} tcp sport 22 (answers) accept comment "zone-ssh"`,
  ]);
});

test("the controller receives SIP from all, SSH from operators, and reports, NTP and answers from zones", () => {
  expect(chain("controller", "input")).toEqual([
    'tcp dport 5060 accept comment "controller-sip"',
    `ip saddr ${ZONES} ${inside} tcp sport 5060 (answers) accept comment "zone-sip"`,
    ...OPERATORS.map(
      (cidr) => `ip saddr ${cidr} tcp dport 22 accept comment "controller-ssh-${cidr}"`,
    ),
    `ip saddr ${ZONES} ${inside} tcp dport 5075 accept comment "controller-reports"`,
    `ip saddr ${ZONES} ${inside} udp sport 123 udp dport 123 accept comment "controller-ntp"`,
    `ip saddr ${ZONES} ${inside} tcp sport 22 (answers) accept comment "zone-ssh"`,
  ]);
});

test("the controller sends only to zones, except for answers", () => {
  expect(chain("controller", "output").filter((rule) => !rule.includes("(answers)"))).toEqual([
    `ip daddr ${ZONES} tcp dport 5060 accept comment "zone-sip"`,
    `ip daddr ${ZONES} udp sport 123 udp dport 123 accept comment "controller-ntp"`,
    `ip daddr ${ZONES} tcp dport 22 accept comment "zone-ssh"`,
  ]);
});

test("every outgoing packet that firewallRules allow is an answer, is media, or goes to a node of the exchange", () => {
  for (const role of ["controller", "zone"] as const) {
    const { output } = filterOf(role, firewallRules(OPERATORS), exchange.addresses);
    const opening = output.filter(({ answers, internal }) => !answers && !internal);
    expect(opening.map(({ name }) => name)).toEqual(role === "zone" ? ["zone-rtp"] : []);
  }
});

test("the firewall rules of a node do not depend on the number of zones", () => {
  const more = planExchange(settingsWith({ zones: 9, operatorCidrs: OPERATORS }), STACK);
  for (const role of ["controller", "zone"] as const) {
    expect(baseFiles(more, role)).toEqual(baseFiles(exchange, role));
  }
});
