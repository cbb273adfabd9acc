import type { Stack } from "@pulumi/pulumi/automation";
import { generateSecrets } from "../../../stack/secrets";

/** Returns a stack without configured values, and with resources of `types` in its state. */
const stackWith = (...types: readonly string[]): Stack =>
  ({
    name: "office",
    getAllConfig: () => Promise.resolve({ "pbx:masterSecret": { value: "" } }),
    exportStack: () =>
      Promise.resolve({ deployment: { resources: types.map((type) => ({ urn: type, type })) } }),
  }) as unknown as Stack;

test("generateSecrets creates no master secret for a deployed stack, and says how to restore the old one", async () => {
  const stack = stackWith("pulumi:pulumi:Stack", "trunkline:index:TrunkNetwork");
  await expect(generateSecrets(stack)).rejects.toThrow(
    /^stack office is deployed, but Pulumi.office.yaml has no pbx:masterSecret; .*: pulumi config refresh --stack office$/,
  );
});
