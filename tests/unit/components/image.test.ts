import { driverFault } from "../../../components/image";

test.each([
  ["has the driver", { sip_drivers: "chan_sip,pjsip" }],
  ["does not list its drivers", { os_distro: "debian" }],
  ["has no properties", undefined],
])("driverFault accepts an image that %s", (_, properties) => {
  expect(driverFault("our-pbx", "pjsip", properties)).toBeUndefined();
});

test("driverFault rejects an image without the driver, and names the image and its drivers", () => {
  expect(driverFault("our-pbx", "chan_sip", { sip_drivers: "pjsip" })).toBe(
    "pbx:sipDriver is chan_sip, but Asterisk in pbx:image our-pbx supports pjsip; change one of the two",
  );
});

test("driverFault compares whole names, so an image with chan_sip2 does not support chan_sip", () => {
  expect(driverFault("our-pbx", "chan_sip", { sip_drivers: "chan_sip2" })).toBeDefined();
});
