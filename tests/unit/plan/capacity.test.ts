import { capacityFault } from "../../../plan/capacity";
import { settingsWith } from "../../support/settings";

const users = (range: string): unknown => [{ extension: "1001" }, { range }];

test.each([
  ["as many users as the zones can take", { zones: 2, users: users("2000-3998") }],
  [
    "users for the zones that the autoscaler may add",
    { zones: 1, autoscale: { max: 2, callsPerZone: 80 }, users: users("2000-3998") },
  ],
])("capacityFault accepts %s", (_, changes) => {
  expect(capacityFault(settingsWith(changes))).toBeUndefined();
});

test.each([
  ["pbx:zones", { zones: 2 }],
  ["pbx:autoscale.max", { zones: 3, autoscale: { max: 2, callsPerZone: 80 } }],
])("capacityFault asks to raise %s if the zones cannot take all users", (key, changes) => {
  expect(capacityFault(settingsWith({ ...changes, users: users("2000-3999") }))).toBe(
    `pbx:users has 2001 users, and a zone accepts at most 1000 phones: with ${key} at 2, not all users can register at the same time; raise ${key} to 3`,
  );
});
