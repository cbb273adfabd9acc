import { gunzipSync } from "node:zlib";
import { parse } from "yaml";
import { renderControllerFiles } from "../../../templates/controller-files";
import {
  renderCloudConfig,
  renderUserData,
  type UserDataContext,
} from "../../../templates/user-data";
import { renderZoneFiles } from "../../../templates/zone-files";
import { controllerOf, zone1Of } from "../../support/zone-context";

const zone: UserDataContext = {
  hostname: "zone1",
  sshHostKey: { privateKey: "-----BEGIN…\nkey\n-----END…\n", publicKey: "ssh-ed25519 AAAA zone1" },
  files: renderZoneFiles(zone1Of(3)),
};

/** Reads user data as cloud-init does, which recognizes gzip by its first two bytes. */
function read(userData: string): string {
  const bytes = Buffer.from(userData, "base64");
  return (bytes.readUInt16BE() === 0x1f8b ? gunzipSync(bytes) : bytes).toString();
}

test("the user data contains the SSH keys and the files, byte for byte", () => {
  const text = read(renderUserData(zone));
  expect(text.startsWith("#cloud-config\n")).toBe(true);
  expect(parse(text)).toEqual({
    hostname: "zone1",
    ssh_deletekeys: true,
    ssh_keys: {
      ed25519_private: zone.sshHostKey.privateKey,
      ed25519_public: zone.sshHostKey.publicKey,
    },
    write_files: zone.files.map(({ path, content, owner, mode }) => ({
      path,
      content,
      owner,
      permissions: mode,
    })),
  });
});

test.each([
  ["trailing spaces", "a  \nb\n"],
  ["no line break at the end", "a\nb"],
  ["long lines", `${"word ".repeat(200)}\n`],
  ["text that YAML could misread", "yes: no\n# comment\n- '\"\n\t%\n"],
  ["the name of a person", 'callerid="Zoë Müller 雪" <1001>\n'],
])("a file with %s arrives unchanged", (_, content) => {
  const file = { path: "/etc/asterisk/x.conf", content, owner: "root:asterisk", mode: "0640" };
  const text = read(renderUserData({ ...zone, files: [file] }));
  expect((parse(text) as { write_files: unknown[] }).write_files).toEqual([
    { path: file.path, content, owner: file.owner, permissions: "0640" },
  ]);
});

test("permissions are quoted, because some YAML parsers read the number 0640 as 640", () => {
  expect(renderCloudConfig(zone)).toContain('permissions: "0640"');
});

test("user data is compressed to less than half of its size", () => {
  const plain = Buffer.from(renderCloudConfig(zone)).toString("base64");
  expect(renderUserData(zone).length).toBeLessThan(plain.length / 2);
});

test("the same context always gives the same user data", () => {
  expect(renderUserData(zone)).toBe(renderUserData({ ...zone, files: [...zone.files] }));
});

test("the gzip header has no timestamp, so that each run produces the same bytes", () => {
  const header = Buffer.from(renderUserData(zone), "base64").subarray(0, 10);
  expect(header.readUInt32LE(4)).toBe(0);
});

test.each([
  ["zone", renderZoneFiles(zone1Of(3))],
  ["controller", renderControllerFiles(controllerOf(3))],
])(
  "every file of a %s, except its base files, belongs to root and gives others no access",
  (_, files) => {
    const text = read(renderUserData({ ...zone, files }));
    const { write_files: written } = parse(text) as {
      write_files: { owner: string; permissions: string; path: string }[];
    };
    for (const { owner, permissions } of written) {
      expect(owner).toMatch(/^root:(root|asterisk|haproxy)$/);
      expect(permissions).toBe("0640");
    }
  },
);
