import { driverFault } from "../../../components/image";

test.each([
  ["has the driver", { sip_drivers: "chan_sip,pjsip" }],
  ["does not say which drivers it has", { os_distro: "debian" }],
  ["has no properties", undefined],
])("an image that %s is taken", (_, properties) => {
  expect(driverFault("our-pbx", "pjsip", properties)).toBeUndefined();
});

test("an image without the driver is refused by name, with the drivers that it has", () => {
  expect(driverFault("our-pbx", "chan_sip", { sip_drivers: "pjsip" })).toBe(
    "pbx:sipDriver is chan_sip, and the Asterisk of pbx:image our-pbx has pjsip; change one of the two",
  );
});

test("part of a driver's name is not the driver", () => {
  expect(driverFault("our-pbx", "chan_sip", { sip_drivers: "chan_sip2" })).toBeDefined();
});
