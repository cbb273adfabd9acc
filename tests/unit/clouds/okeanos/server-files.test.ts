import fc from "fast-check";
import { bootstrapFault, bootstrapOf, FILE_LIMIT } from "../../../../clouds/okeanos/server-files";

const userData = Buffer.from("#cloud-config\nhostname: zone1\n").toString("base64");

test("a server gets user data if its image reads user data", () => {
  expect(bootstrapOf({ name: "zone1", userData }, true)).toEqual({ user_data: userData });
});

test("a server whose image reads no user data gets files for cloud-init's NoCloud, readable only by root", () => {
  const file = { owner: "root", group: "root", mode: 0o600 };
  expect(bootstrapOf({ name: "zone1", userData }, false)).toEqual({
    personality: [
      {
        ...file,
        path: "/var/lib/cloud/seed/nocloud/meta-data",
        contents: Buffer.from("instance-id: trunkline-zone1\nlocal-hostname: zone1\n").toString(
          "base64",
        ),
      },
      { ...file, path: "/var/lib/cloud/seed/nocloud/user-data", contents: userData },
    ],
  });
});

test("user data of up to 7680 bytes is accepted, and longer user data is rejected", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 * FILE_LIMIT }), (length) => {
      const fault = bootstrapFault(Buffer.alloc(length).toString("base64"));
      expect(fault === undefined).toBe(length <= 7_680);
    }),
  );
  expect(bootstrapFault(Buffer.alloc(7_681).toString("base64"))).toBe(
    "the server's user data has 7681 bytes, and Okeanos accepts at most 7680; " +
      "set fewer networks in pbx:operatorCidrs, or a shorter pbx:sshPublicKey",
  );
});
