import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type Handlebars from "handlebars";
import type { z } from "zod";

const load = createRequire(__filename);

/**
 * What people wrote, as long as it is no more than a value. Asterisk and HAProxy read line by line, so a
 * line break would start a setting of its own; a double quote ends the quoted name of a caller. The
 * value itself stays out of the message: it may be a secret.
 */
function harmless(written: unknown): string {
  const text = String(written);
  if (/[\u0000-\u001f\u007f"]/.test(text)) {
    throw new Error("a value holds a line break, another control character or a double quote");
  }
  return text;
}

/** The only ways a value that people wrote gets into a file. */
const HELPERS = {
  /** In a configuration file. In those of Asterisk, `;` starts a comment unless it is escaped. */
  value: (written: unknown): string => harmless(written).replaceAll(";", "\\;"),
  /** In SQL, with its quotes (https://www.sqlite.org/lang_expr.html, "Literal Values"). */
  sql: (written: unknown): string => `'${harmless(written).replaceAll("'", "''")}'`,
};

let engine: typeof Handlebars | undefined;

/** Handlebars with our helpers, loaded where something is rendered: that is late, if at all, in a preview. */
function handlebars(): typeof Handlebars {
  if (engine === undefined) {
    engine = (load("handlebars") as typeof Handlebars).create();
    engine.registerHelper(HELPERS);
  }
  return engine;
}

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
  let render: HandlebarsTemplateDelegate<z.output<Schema>> | undefined;
  return (context) => {
    render ??= handlebars().compile(readFileSync(join(__dirname, name), "utf8"), {
      strict: true,
      noEscape: true,
      knownHelpersOnly: true,
      knownHelpers: Object.fromEntries(Object.keys(HELPERS).map((helper) => [helper, true])),
    });
    return render(schema.parse(context));
  };
}
