import fc from "fast-check";
import { bootstrapFault, bootstrapOf, FILE_LIMIT } from "../../../clouds/okeanos/bootstrap";

const userData = Buffer.from("#cloud-config\nhostname: zone1\n").toString("base64");

test("an image that reads user data gets user data", () => {
  expect(bootstrapOf({ name: "zone1", userData }, true)).toEqual({ user_data: userData });
});

test("any other image gets the data as a NoCloud seed of cloud-init, which only root can read", () => {
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

test("accepts user data that fits into a personality file, and rejects one byte more", () => {
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
