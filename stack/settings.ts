import type { Stack } from "@pulumi/pulumi/automation";
import { plainValues } from "../config/plain-values";
import { parseSettings, type Settings } from "../config/schema";
import { askPulumi } from "./state";

/** Returns a stack's settings, parsed and checked as in the Pulumi program. @throws OperatorError with all faults */
export async function stackSettings(stack: Stack): Promise<Settings> {
  const config = Object.entries(await askPulumi(() => stack.getAllConfig()));
  const secret = new Map(config.map(([key, { secret = false }]) => [key, secret]));
  return parseSettings(
    plainValues(Object.fromEntries(config.map(([key, { value }]) => [key, value]))),
    (key) => secret.get(`pbx:${key}`) === true,
  );
}
