import type { Stack } from "@pulumi/pulumi/automation";
import { plainValues } from "../config/plain-values";
import { ConfigError, parseSettings, type Settings } from "../config/schema";
import { Fault } from "./command";
import { askPulumi } from "./stack";

/** What a stack is configured to be, as its program would read it. @throws Fault naming every fault. */
export async function stackSettings(stack: Stack): Promise<Settings> {
  try {
    const config = Object.entries(await askPulumi(() => stack.getAllConfig()));
    const secret = new Map(config.map(([key, { secret = false }]) => [key, secret]));
    return parseSettings(
      plainValues(Object.fromEntries(config.map(([key, { value }]) => [key, value]))),
      (key) => secret.get(`pbx:${key}`) === true,
    );
  } catch (error) {
    throw error instanceof ConfigError ? new Fault(error.message) : error;
  }
}
