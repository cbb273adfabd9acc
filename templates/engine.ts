import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type Handlebars from "handlebars";
import type { z } from "zod";
import { HAPROXY_PEER_PORT, IAX2_PORT, NTP_PORT, SIP_PORT } from "../core/ports";

const load = createRequire(__filename);

/**
 * Returns user input as text, and rejects characters that could end the value. Asterisk and HAProxy read files
 * line by line, so a line break would start another setting. A double quote ends the quoted name of a caller.
 *
 * @throws Error without the value, because the value may be a secret.
 */
function safeText(input: unknown): string {
  const text = String(input);
  if (/[\u0000-\u001f\u007f"]/.test(text)) {
    throw new Error("a value contains a line break, another control character or a double quote");
  }
  return text;
}

/** Helpers of the templates. A template must pass user input through one of these helpers. */
const HELPERS = {
  /** Escapes a value for a configuration file. In Asterisk's files, an unescaped `;` starts a comment. */
  value: (input: unknown): string => safeText(input).replaceAll(";", "\\;"),
  /** Quotes a value for SQL (https://www.sqlite.org/lang_expr.html, "Literal Values"). */
  sql: (input: unknown): string => `'${safeText(input).replaceAll("'", "''")}'`,
};

/** Ports that templates can insert, for example with `{{@ports.sip}}`. */
const PORTS = { sip: SIP_PORT, iax2: IAX2_PORT, haproxyPeer: HAPROXY_PEER_PORT, ntp: NTP_PORT };

let engine: typeof Handlebars | undefined;

type Helper = (this: unknown, argument: unknown, options: Handlebars.HelperOptions) => unknown;

/**
 * Returns a helper that throws for an undefined argument. The strict mode of Handlebars does not apply to arguments:
 * `{{#if name}}` would leave its block out if the context has no `name`.
 */
const strict = (name: string, helper: Helper): Helper =>
  function (argument, options) {
    if (argument !== undefined) return helper.call(this, argument, options);
    throw new Error(`the argument of {{${name}}} is a field that the context does not have`);
  };

/**
 * Returns Handlebars with {@link HELPERS} and strict blocks. Loads Handlebars at the first rendering, because a preview
 * renders late or not at all.
 */
function handlebars(): typeof Handlebars {
  if (engine === undefined) {
    engine = (load("handlebars") as typeof Handlebars).create();
    const { helpers } = engine;
    const blocks = ["if", "unless", "each"].map((name) => [name, helpers[name] as Helper] as const);
    for (const [name, helper] of [...Object.entries(HELPERS), ...blocks]) {
      engine.registerHelper(name, strict(name, helper));
    }
  }
  return engine;
}

/** Returns the context of the file `name`. @throws Error that lists the missing and malformed fields, without values */
export function parseContext<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  context: z.input<Schema>,
): z.output<Schema> {
  const { success, data, error } = schema.safeParse(context);
  if (success) return data;
  const faults = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new Error(`${name}: the context is not valid: ${faults.join("; ")}`);
}

/**
 * Returns a function that renders the template `name` of this folder from a typed context.
 *
 * The function parses the context first, because the strict mode of Handlebars does not apply within `#each` and
 * prints nothing for null.
 *
 * @throws Error from the returned function if the context has a missing or malformed field.
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
    return render(parseContext(name, schema, context), { data: { ports: PORTS } });
  };
}
