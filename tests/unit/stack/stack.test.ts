import { CommandError, LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import { OperatorError } from "../../../core/errors";
import { openStack } from "../../../stack/open-stack";
import { askPulumi } from "../../../stack/state";

/** Returns the error that the Automation API throws if `pulumi` prints `stderr` and fails. */
const says = (stderr: string): Error => {
  const message = `code: 255\n stdout: \n stderr: ${stderr}\n err?: \n`;
  return Object.assign(Object.create(CommandError.prototype) as Error, { message });
};

test("askPulumi turns an error of the pulumi command into an OperatorError, and rethrows other errors", async () => {
  const reading = (error: Error): Promise<never> => askPulumi(() => Promise.reject(error));
  await expect(reading(says("error: no such host"))).rejects.toEqual(
    new OperatorError("pulumi: no such host"),
  );
  await expect(reading(new TypeError("x is undefined"))).rejects.toThrow(TypeError);
});

test("openStack reports a wrong passphrase, and says what to do", async () => {
  jest
    .spyOn(PulumiCommand, "get")
    .mockResolvedValue(Object.create(PulumiCommand.prototype) as PulumiCommand);
  jest
    .spyOn(LocalWorkspace, "createOrSelectStack")
    .mockRejectedValue(says("error: could not create secrets manager: incorrect passphrase"));
  await expect(openStack("dev", {})).rejects.toEqual(
    new OperatorError(
      "pulumi: could not create secrets manager: incorrect passphrase; PULUMI_CONFIG_PASSPHRASE is " +
        "not the passphrase of the stacks of this clone: unset it, or set the right one",
    ),
  );
});
