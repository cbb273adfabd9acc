import { CommandError, LocalWorkspace, PulumiCommand } from "@pulumi/pulumi/automation";
import { Fault } from "../../cli/command";
import { openStack, readStack } from "../../cli/stack";

/** As the Automation API has what `pulumi` says on standard error. */
const says = (stderr: string): Error => {
  const message = `code: 255\n stdout: \n stderr: ${stderr}\n err?: \n`;
  return Object.assign(Object.create(CommandError.prototype) as Error, { message });
};
const HALF_WRITTEN = "error: failed to load checkpoint: place 1: unexpected end of JSON input";

/** Reads a stack that gives these answers, one after the other; the last one again and again. */
function reading(...answers: readonly (Error | string)[]) {
  let attempts = 0;
  const answer = readStack(() => {
    const next = answers[Math.min(attempts++, answers.length - 1)] ?? "";
    return next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
  }, 1);
  return { answer, attempts: () => attempts };
}

test("a state that is being written is read again", async () => {
  const { answer, attempts } = reading(says(HALF_WRITTEN), says(HALF_WRITTEN), "whole");
  expect([await answer, attempts()]).toEqual(["whole", 3]);
});

test("one that stays so is a fault, with what Pulumi says", async () => {
  const { answer, attempts } = reading(says(HALF_WRITTEN));
  await expect(answer).rejects.toEqual(
    new Fault("pulumi: failed to load checkpoint: place 1: unexpected end of JSON input"),
  );
  expect(attempts()).toBeGreaterThan(3);
});

test("anything else that Pulumi says is one at once, and a bug stays one", async () => {
  const { answer, attempts } = reading(says("error: no such host"));
  await expect(answer).rejects.toEqual(new Fault("pulumi: no such host"));
  expect(attempts()).toBe(1);
  await expect(reading(new TypeError("x is undefined")).answer).rejects.toThrow(TypeError);
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
