import { baseFiles } from "../../../components/node-files";
import { planExchange } from "../../../plan/exchange-plan";
import { STACK, settingsWith } from "../../support/settings";

const exchange = planExchange(settingsWith({ zones: 2 }), STACK);

function settings(role: "controller" | "zone"): string[] {
  const file = baseFiles(exchange, role).find(({ path }) => path === "/etc/chrony/chrony.conf");
  return (file?.content ?? "").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

test("zones request the time from the controller, with the source port that the packet filter allows", () => {
  expect(settings("zone").slice(0, 2)).toEqual([
    "server 192.168.0.254 iburst minpoll 4 maxpoll 6",
    "acquisitionport 123",
  ]);
});

test("the controller serves the time only to the trunk network, even without a time source of its own", () => {
  expect(settings("controller").slice(0, 3)).toEqual([
    "confdir /run/trunkline-clock",
    "local stratum 10",
    "allow 192.168.0.0/24",
  ]);
});

test.each(["controller", "zone"] as const)(
  "chrony steps the clock only in its first three updates (%s)",
  (role) => {
    expect(settings(role)).toContain("makestep 1 3");
  },
);
