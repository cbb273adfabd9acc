import { CommandError, LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import { Fault } from "../../cli/command";
import { openStack, askPulumi } from "../../cli/stack";

/** As the Automation API has what `pulumi` says on standard error. */
const says = (stderr: string): Error => {
  const message = `code: 255\n stdout: \n stderr: ${stderr}\n err?: \n`;
  return Object.assign(Object.create(CommandError.prototype) as Error, { message });
};

test("what Pulumi says is a fault, and a bug stays one", async () => {
  const reading = (error: Error): Promise<never> => askPulumi(() => Promise.reject(error));
  await expect(reading(says("error: no such host"))).rejects.toEqual(
    new Fault("pulumi: no such host"),
  );
  await expect(reading(new TypeError("x is undefined"))).rejects.toThrow(TypeError);
});

test("a pass phrase that is another one is told, with the remedy", async () => {
  jest
    .spyOn(PulumiCommand, "get")
    .mockResolvedValue(Object.create(PulumiCommand.prototype) as PulumiCommand);
  jest
    .spyOn(LocalWorkspace, "createOrSelectStack")
    .mockRejectedValue(says("error: could not create secrets manager: incorrect passphrase"));
  await expect(openStack("dev", {})).rejects.toEqual(
    new Fault(
      "pulumi: could not create secrets manager: incorrect passphrase; PULUMI_CONFIG_PASSPHRASE is " +
        "another one than the stacks of this clone were made with: unset it, or set the right one",
    ),
  );
});
