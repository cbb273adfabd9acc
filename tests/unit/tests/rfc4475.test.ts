import { tortureMessages } from "../../support/rfc4475";

const messages = tortureMessages();

/** Sections of RFC 4475 whose messages have a wrong Content-Length or none, on purpose. */
const WRONG_LENGTH = ["3.1.1.8", "3.1.2.2", "3.1.2.3", "3.3.9", "3.4.1"];

test("the sections of RFC 4475 contain 49 messages", () => {
  const numbers = (prefix: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${prefix}.${String(index + 1)}`);
  expect(messages.map(({ section }) => section)).toEqual([
    ...numbers("3.1.1", 13),
    ...numbers("3.1.2", 19),
    ...numbers("3.2", 1),
    ...numbers("3.3", 15),
    ...numbers("3.4", 1),
  ]);
  expect(new Set(messages.map(({ name }) => name)).size).toBe(49);
});

test.each(messages)(
  "$section $name has a correct Content-Length, unless the RFC makes it wrong or omits it on purpose",
  ({ section, bytes }) => {
    const text = bytes.toString("latin1");
    const end = text.indexOf("\r\n\r\n");
    expect(end).toBeGreaterThan(0);
    const lengths = [...text.slice(0, end).matchAll(/^(?:Content-Length|l)\s*:\s*(-?\d+)/gim)];
    const isTrue = lengths.length === 1 && Number(lengths[0]?.[1]) === bytes.length - end - 4;
    expect(isTrue).toBe(!WRONG_LENGTH.includes(section));
  },
);
