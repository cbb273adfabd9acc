import { readBack, userRows } from "../../../../nodes/asterisk/read-back";
import type { Session } from "../../../../ssh/session";
import { renderUsersSql } from "../../../../templates/users.sql";
import { zone1Of } from "../../../support/zone-context";

const USERS = [
  { extension: "1001", name: "Alice O'Hara", secret: "first-secret" },
  { extension: "1002", name: null, secret: "second-secret" },
  { extension: "1003", name: "x'), ('1009", secret: "third-secret" },
];

test("userRows finds each user in a rendered users.sql", () => {
  const rows = userRows(renderUsersSql({ ...zone1Of(1), users: USERS }));
  expect([...rows.keys()]).toEqual(["1001", "1002", "1003"]);
  expect(rows.get("1002")).toBe("('1002', NULL, 'second-secret')");
});

test("userRows finds nothing in a users.sql that was rendered without users", () => {
  expect([...userRows(renderUsersSql({ ...zone1Of(1), users: [] }))]).toEqual([]);
});

test("readBack reports that users cannot be checked if their rows have an unexpected form", async () => {
  const changed = renderUsersSql({ ...zone1Of(1), users: USERS }).replaceAll("('", "( '");
  const session = { node: "zone1" } as Session;
  const contents = { "/etc/asterisk/users.sql": changed };
  expect(await readBack(session, contents, {}, () => Promise.resolve(true))).toEqual([
    "its users cannot be checked: no entry has the expected form",
  ]);
});
