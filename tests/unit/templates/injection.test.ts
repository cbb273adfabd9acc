import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseSettings } from "../../../config/schema";
import { ROOT } from "../../../core/paths";
import { renderSipConf } from "../../../templates/sip.conf";
import { renderUsersSql } from "../../../templates/users.sql";
import { readAsteriskConf, settingsOf } from "../../support/ini";
import { MINIMAL } from "../../support/settings";
import { sqlite } from "../../support/users-sql";
import { zone1Of } from "../../support/zone-context";

const RENDERERS = [
  ["sip.conf", renderSipConf],
  ["users.sql", renderUsersSql],
] as const;

const withUser = (name: string | null, secret: string) => ({
  ...zone1Of(1),
  users: [{ extension: "1001", name, secret }],
});

const anything = fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: "binary", minLength: 1 }));

describe.each(RENDERERS)("%s", (_, render) => {
  test.each(["\n", "\r", "\r\n", "\0", "\t", "\u007f", '"'])(
    "is not rendered with %j in a name or a secret",
    (text) => {
      const secret = `hush${text}hush`;
      const message = /^a value contains /;
      expect(() => render(withUser("Alice", secret))).toThrow(message);
      expect(() => render(withUser("Alice", secret))).not.toThrow(/hush/);
      expect(() => render(withUser(`Alice${text}`, "secret"))).toThrow(message);
    },
  );
});

describe("sip.conf", () => {
  const render = renderSipConf;

  test("escapes a semicolon, which begins a comment in Asterisk", () => {
    const sections = readAsteriskConf(render(withUser("Alice; Bob", "a;b")));
    const settings = settingsOf(sections, "1001");
    expect(settings.secret).toBe("a;b");
    expect(settings.callerid).toBe('"Alice; Bob" <1001>');
  });

  test("has the same structure for any name and secret, or is not rendered", () => {
    const shape = (rendered: string) =>
      readAsteriskConf(rendered).map(({ name, template, settings }) => [
        name,
        template,
        settings.map(([key]) => key),
      ]);
    const expected = shape(render(withUser("Alice", "secret")));
    fc.assert(
      fc.property(anything, anything, (name, secret) => {
        let rendered: string;
        try {
          rendered = render(withUser(name, secret));
        } catch {
          return;
        }
        expect(shape(rendered)).toEqual(expected);
      }),
    );
  });
});

test("users.sql contains any name and secret unchanged, or is not rendered", async () => {
  const load = await sqlite();
  fc.assert(
    fc.property(anything, anything, (name, secret) => {
      let rendered: string;
      try {
        rendered = renderUsersSql(withUser(name, secret));
      } catch {
        return;
      }
      const lookUp = load(rendered);
      expect(lookUp("ps_auths", "1001")?.password).toBe(secret);
      expect(lookUp("ps_endpoints", "1001")?.callerid).toBe(`"${name}" <1001>`);
    }),
    { examples: [["'); DROP TABLE users; --", "a';--b"]] },
  );
});

test("every name and secret that the schema accepts can be rendered", () => {
  const text = fc.string({ unit: "binary", minLength: 1, maxLength: 64 });
  const secret = fc.string({ minLength: 12, maxLength: 64 });
  fc.assert(
    fc.property(text, secret, (name, password) => {
      const raw = { ...MINIMAL, users: [{ extension: "1001", name, secret: password }] };
      try {
        parseSettings(raw, () => true);
      } catch {
        return;
      }
      for (const [, render] of RENDERERS) {
        expect(() => render(withUser(name, password))).not.toThrow();
      }
    }),
  );
});

test("every name and secret in both templates goes through a helper that escapes or quotes it", () => {
  for (const [file] of RENDERERS) {
    const text = readFileSync(join(ROOT, "templates", `${file}.hbs`), "utf8");
    expect(text.match(/\{\{\s*(?:this\.)?(?:name|secret)\s*\}\}/g)).toBeNull();
  }
});
