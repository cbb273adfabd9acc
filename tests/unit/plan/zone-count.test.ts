import { wantedZones } from "../../../config/wanted-zones";
import { zoneCount } from "../../../plan/zone-count";

const range = { min: 2, max: 4 };

test.each([
  [{ first: 3 }, 3, "3 zones: pbx:zones is 3, for the first deployment"],
  [
    { first: 1 },
    2,
    "2 zones: pbx:zones is 1, for the first deployment, and pbx:autoscale allows 2 to 4",
  ],
  [{ first: 2, inService: 4 }, 4, "4 zones: 4 are in service"],
  [{ first: 2, inService: 1 }, 2, "2 zones: 1 is in service, and pbx:autoscale allows 2 to 4"],
  [{ first: 2, inService: 9 }, 4, "4 zones: 9 are in service, and pbx:autoscale allows 2 to 4"],
  [{ first: 2, inService: 4, wanted: 3 }, 3, "3 zones: the autoscaler asks for 3"],
])("zoneCount for %j gives %i zones", (args, zones, inWords) => {
  expect(zoneCount({ range, inService: undefined, wanted: undefined, ...args })).toEqual({
    zones,
    inWords,
  });
});

test.each([
  [{}, undefined],
  [{ TRUNKLINE_ZONES: "" }, undefined],
  [{ TRUNKLINE_ZONES: "2" }, 2],
  [{ TRUNKLINE_ZONES: "4" }, 4],
])("the number of zones that the environment %j requests is %s", (env, wanted) => {
  expect(wantedZones(range, 3, env)).toBe(wanted);
});

test.each(["1", "5", "2.5", "-2", " 3", "two", "99999999"])("wantedZones rejects %j", (text) => {
  expect(() => wantedZones(range, 3, { TRUNKLINE_ZONES: text })).toThrow(
    "TRUNKLINE_ZONES is not a whole number from 2 to 4, as pbx:autoscale requires; unset it, or set it to such a number",
  );
});

test("wantedZones rejects TRUNKLINE_ZONES if the stack has no autoscaler", () => {
  expect(() => wantedZones(undefined, undefined, { TRUNKLINE_ZONES: "2" })).toThrow(
    "TRUNKLINE_ZONES is set, but pbx:autoscale is not; unset TRUNKLINE_ZONES, and set pbx:zones instead",
  );
});

test("wantedZones accepts numbers between the zones in service and the range, for a return to the range", () => {
  const wanted = (inService: number, zones: number): number | undefined =>
    wantedZones(range, inService, { TRUNKLINE_ZONES: String(zones) });
  expect([wanted(6, 5), wanted(6, 6), wanted(6, 2), wanted(1, 1)]).toEqual([5, 6, 2, 1]);
  expect(() => wanted(6, 7)).toThrow("a whole number from 2 to 6");
  expect(() => wanted(6, 1)).toThrow("a whole number from 2 to 6");
  expect(zoneCount({ first: 2, range, inService: 6, wanted: 5 })).toEqual({
    zones: 5,
    inWords: "5 zones: the autoscaler asks for 5",
  });
});
