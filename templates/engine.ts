import { readFileSync } from "node:fs";
import { join } from "node:path";
import Handlebars from "handlebars";
import type { z } from "zod";

const handlebars = Handlebars.create();

/**
 * The only way a value that people wrote gets into a configuration file. Asterisk and HAProxy read
 * line by line, so a line break would start a setting of its own; a double quote ends the quoted
 * name of a caller; `;` starts a comment in Asterisk's files unless it is escaped. The value itself
 * stays out of the message: it may be a secret.
 */
handlebars.registerHelper("value", (value: unknown) => {
  const text = String(value);
  if (/[\u0000-\u001f\u007f"]/.test(text)) {
    throw new Error("a value holds a line break, another control character or a double quote");
  }
  return text.replaceAll(";", "\\;");
});

/**
 * Compiles the template `name` of this folder into a function of its typed context.
 *
 * The context is parsed before it is rendered, because Handlebars' strict mode does not reach into
 * `#each` and prints null as nothing.
 *
 * @throws Error when the context has a missing or malformed field.
 */
export function template<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
): (context: z.input<Schema>) => string {
  const render = handlebars.compile(readFileSync(join(__dirname, name), "utf8"), {
    strict: true,
    noEscape: true,
    knownHelpersOnly: true,
    knownHelpers: { value: true },
  });
  return (context) => render(schema.parse(context));
}
