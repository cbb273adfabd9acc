/** A `[name](template)` section of an Asterisk file, with its settings in order. */
export interface Section {
  readonly name: string;
  readonly template: string | null;
  readonly settings: readonly (readonly [key: string, value: string])[];
}

/**
 * Reads an Asterisk configuration file. As in `ast_config_load`, `;` starts a comment unless a backslash precedes the
 * semicolon, and `=>` means `=`. `#tryinclude` counts as a setting.
 *
 * @throws Error for any other line, and for a setting before the first section.
 */
export function readAsteriskConf(text: string): Section[] {
  const sections: (Section & { settings: [string, string][] })[] = [];
  for (const raw of text.split("\n")) {
    const line = raw
      .replace(/(?<!\\);.*$/, "")
      .replaceAll("\\;", ";")
      .trim();
    const header = /^\[([^\]]+)\](?:\(([^)]+)\))?$/.exec(line);
    const setting = /^(#tryinclude) "([^"]+)"$/.exec(line) ?? /^([^=]+?)\s*=>?\s*(.*)$/.exec(line);
    if (header !== null) {
      sections.push({ name: header[1] ?? "", template: header[2] ?? null, settings: [] });
    } else if (setting !== null && sections.length > 0) {
      sections.at(-1)?.settings.push([setting[1] ?? "", setting[2] ?? ""]);
    } else if (line !== "") {
      throw new Error(`not a line of an Asterisk file: ${raw}`);
    }
  }
  return sections;
}

/**
 * Returns the settings of the sections `name`.
 *
 * @param template the template that the sections must use; null for any template or none.
 */
export function settingsOf(
  sections: readonly Section[],
  name: string,
  template: string | null = null,
): Record<string, string> {
  const found = sections.filter(
    (section) => section.name === name && (template === null || section.template === template),
  );
  return Object.fromEntries(found.flatMap((section) => section.settings));
}
