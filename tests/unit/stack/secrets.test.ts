import type { Stack } from "@pulumi/pulumi/automation";
import { generateSecrets } from "../../../stack/stack";

/** A stack without a configuration, and with what is in its state. */
const stackWith = (...types: readonly string[]): Stack =>
  ({
    name: "office",
    getAllConfig: () => Promise.resolve({ "pbx:masterSecret": { value: "" } }),
    exportStack: () =>
      Promise.resolve({ deployment: { resources: types.map((type) => ({ urn: type, type })) } }),
  }) as unknown as Stack;

test("a stack that is deployed gets no other master secret: it is told how to get its own back", async () => {
  const stack = stackWith("pulumi:pulumi:Stack", "trunkline:index:TrunkNetwork");
  await expect(generateSecrets(stack)).rejects.toThrow(
    /^stack office is deployed, and Pulumi.office.yaml has no pbx:masterSecret any more; .*: pulumi config refresh --stack office$/,
  );
});
