import { gunzipSync } from "node:zlib";
import { packFiles } from "../../../components/packed-files";
import type { NodeFile } from "../../../templates/node-file";

const KEY = Buffer.alloc(32, 1);
const FILE: NodeFile = {
  path: "/etc/asterisk/sip.conf",
  content: "secret=Zoë\n",
  owner: "root:asterisk",
  mode: "0640",
};
const OTHER: NodeFile = { ...FILE, path: "/etc/asterisk/iax.conf", content: "" };

test("packed contents can be unpacked, and the public properties have a digest instead of the content", () => {
  const { files, contents } = packFiles([FILE, OTHER], KEY);
  expect(JSON.parse(gunzipSync(Buffer.from(contents, "base64")).toString())).toEqual({
    [FILE.path]: FILE.content,
    [OTHER.path]: OTHER.content,
  });
  expect(files).toEqual({
    [FILE.path]: {
      owner: FILE.owner,
      mode: FILE.mode,
      digest: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    },
    [OTHER.path]: expect.anything() as unknown,
  });
});

test("equal files are packed into equal bytes", () => {
  expect(packFiles([FILE, OTHER], KEY)).toEqual(packFiles([{ ...FILE }, OTHER], KEY));
});

test("the gzip header has neither time nor name, so that two machines produce the same bytes", () => {
  const header = Buffer.from(packFiles([FILE], KEY).contents, "base64").subarray(0, 10);
  expect([header.readUInt8(3), header.readUInt32LE(4)]).toEqual([0, 0]);
});

test("a digest depends on the content and on a key, without which contents cannot be guessed", () => {
  const digestOf = (file: NodeFile, key = KEY) => packFiles([file], key).files[file.path]?.digest;
  expect(digestOf({ ...FILE, content: "secret=Zoe\n" })).not.toBe(digestOf(FILE));
  expect(digestOf(FILE, Buffer.alloc(32, 2))).not.toBe(digestOf(FILE));
  expect(digestOf({ ...FILE, mode: "0600" })).toBe(digestOf(FILE));
});
