import fc from "fast-check";
import { bootstrapFault, bootstrapOf, FILE_LIMIT } from "../../../clouds/okeanos/bootstrap";

const userData = Buffer.from("#cloud-config\nhostname: zone1\n").toString("base64");

test("an image that reads user data is given it as such", () => {
  expect(bootstrapOf({ name: "zone1", userData }, true)).toEqual({ user_data: userData });
});

test("any other image finds the same as cloud-init's NoCloud seed, readable by root alone", () => {
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

test("what fits a file of a personality is no fault, and a byte more is one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 * FILE_LIMIT }), (length) => {
      const fault = bootstrapFault(Buffer.alloc(length).toString("base64"));
      expect(fault === undefined).toBe(length <= 7_680);
    }),
  );
  expect(bootstrapFault(Buffer.alloc(7_681).toString("base64"))).toBe(
    "what the server needs for its first boot has 7681 bytes, and Okeanos carries 7680; " +
      "write fewer networks in pbx:operatorCidrs, or a shorter pbx:sshPublicKey",
  );
});
