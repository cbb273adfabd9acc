import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { settingsSchema } from "../../../config/schema";
import { ROOT } from "../../../core/paths";
import { expectGolden } from "../../support/golden";
import { markdownTable } from "../../support/markdown-table";

interface KeySchema {
  /** Type of the value; a list of two types for a duration. */
  readonly type: "integer" | "string" | "boolean" | "array" | "object" | readonly string[];
  readonly description: string;
  readonly default?: unknown;
}

const SCHEMA = z.toJSONSchema(settingsSchema, {
  io: "input",
  unrepresentable: "any",
}) as unknown as {
  readonly properties: Readonly<Record<string, KeySchema>>;
  readonly required: readonly string[];
};

function defaultOf(key: string, { default: value }: KeySchema): string {
  if (SCHEMA.required.includes(key)) {
    return "required";
  }
  return value === undefined
    ? "none"
    : `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
}

function typeOf({ type }: KeySchema): string {
  if (typeof type !== "string") {
    return "duration";
  }
  return type === "array" ? "list" : type;
}

const KEYS = markdownTable([
  ["Key", "Type", "Default", "Description"],
  ...Object.entries(SCHEMA.properties).map(([key, schema]) => [
    `\`pbx:${key}\``,
    typeOf(schema),
    defaultOf(key, schema),
    schema.description,
  ]),
]);

test("every key has a description that starts with a capital letter and ends with a period", () => {
  for (const [key, { description }] of Object.entries(SCHEMA.properties)) {
    expect([key, description]).toEqual([key, expect.stringMatching(/^[A-Z].*\.$/)]);
  }
});

test("Pulumi.yaml has each key's description and default, and its type unless it is a list, object or duration", () => {
  const { config } = parse(readFileSync(join(ROOT, "Pulumi.yaml"), "utf8")) as {
    config: Record<string, unknown>;
  };
  const declared = Object.entries(config).filter(([key]) => key.startsWith("pbx:"));
  expect(Object.fromEntries(declared)).toEqual(
    Object.fromEntries(
      Object.entries(SCHEMA.properties).map(([key, schema]) => [
        `pbx:${key}`,
        {
          ...(["list", "object", "duration"].includes(typeOf(schema)) ? {} : { type: schema.type }),
          description: schema.description,
          default: schema.default ?? "",
        },
      ]),
    ),
  );
});

test("the table in docs/configuration.md has the keys, types, defaults and descriptions of the schema", () => {
  const path = join(ROOT, "docs/configuration.md");
  const [before = "", after = ""] = readFileSync(path, "utf8").split(
    /(?<=<!-- keys: begin .*-->\n)[^]*(?=<!-- keys: end -->)/,
  );
  expect(after).not.toBe("");
  expectGolden(path, `${before}\n${KEYS}\n\n${after}`);
});
