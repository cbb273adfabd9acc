import { PassThrough } from "node:stream";
import { deflateSync } from "node:zlib";
import { NodeError } from "../../../core/errors";
import { Agent, AgentFault, InvalidAnswer } from "../../../ssh/agent";

let input: PassThrough;
let output: PassThrough;
let agent: Agent;
beforeEach(() => {
  [input, output] = [new PassThrough(), new PassThrough()];
  agent = new Agent(input, output);
});

const framed = (content: string | Buffer): Buffer => {
  const frame = deflateSync(content);
  return Buffer.concat([Buffer.from(`${String(frame.length)}\n`), frame]);
};
const answer = (value: unknown): Buffer => framed(JSON.stringify(value));

test("the client of the agent reads answers that arrive in pieces and out of order", async () => {
  const [first, second] = [agent.ask({}), agent.ask({})];
  const bytes = Buffer.concat([answer({ id: 1, result: "b" }), answer({ id: 0, result: "a" })]);
  for (const byte of bytes) output.write(Buffer.of(byte));

  expect(await Promise.all([first, second])).toEqual(["a", "b"]);
});

test("the client of the agent reports a failed request, and which changed files could not be restored", async () => {
  const asked = agent.ask({});
  output.write(
    answer({ id: 0, error: "/etc/x: No space left on device", notRestored: ["/etc/w"] }),
  );

  await expect(asked).rejects.toEqual(
    new AgentFault("/etc/x: No space left on device", ["/etc/w"]),
  );
});

test("the client of the agent stops waiting for a node that has not answered for 15 minutes", async () => {
  jest.useFakeTimers();
  try {
    const asked = expect(agent.ask({})).rejects.toThrow("has not answered for 15 minutes");
    jest.advanceTimersByTime(15 * 60_000);
    await asked;
    await expect(agent.ask({})).rejects.toThrow(InvalidAnswer);
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

describe("the connection to the agent ends with an error if the node sends", () => {
  test.each<[string, string | Buffer]>([
    ["a message of the day", "Welcome to zone1!\nHave a nice day\n"],
    ["a length with a letter", "12x\n"],
    ["a negative length", "-5\nabcde"],
    ["empty lines", "\n\n\n"],
    ["a length with an exponent", "1e3\n"],
    ["a length above the limit", "999999999\n"],
    ["thousands of digits", "1".repeat(5_000)],
    ["null bytes", Buffer.alloc(1 << 20, 0)],
    ["data that is not zlib", "4\nabcd"],
    ["a zlib bomb", framed(Buffer.alloc(100 << 20, 32))],
    ["data that is not JSON", framed("<html>")],
    ["empty data", framed("")],
    ["JSON of another shape", answer(["id", 0])],
    ["null", answer(null)],
    ["an id that is not a number", answer({ id: "0", result: 1 })],
    ["an unknown id", answer({ id: 7, result: 1 })],
    ["an error that is not text", answer({ id: 0, error: { toString: 1 } })],
    ["terminal escapes", "\u001b]0;owned\u0007\u001b[2J\n"],
  ])("%s", async (_, bytes) => {
    const asked = agent.ask({ do: "look", paths: [] });
    output.write(bytes);

    const error = await asked.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(InvalidAnswer);
    expect((error as Error).message).toMatch(/^its agent sent an invalid answer: '/);
    expect((error as Error).message).not.toMatch(/\p{Cc}/u);
    expect((error as Error).message.length).toBeLessThan(200);
    await expect(agent.ask({})).rejects.toBe(error);
    expect(output.destroyed).toBe(true);
  });
});

test("a second answer to the same request ends the connection to the agent", async () => {
  const asked = agent.ask({});
  output.write(answer({ id: 0, result: 1 }));
  expect(await asked).toBe(1);
  const next = agent.ask({});
  output.write(answer({ id: 0, result: 2 }));
  await expect(next).rejects.toThrow(InvalidAnswer);
});

test("the pending request fails if the connection closes", async () => {
  const asked = agent.ask({});
  output.destroy();
  await expect(asked).rejects.toThrow("the agent has ended");
  expect(input.writableEnded).toBe(true);
});

test("a NodeError truncates the output of a node, and replaces characters that are not safe on a terminal", () => {
  const { message } = new NodeError("zone1", `a\u001b[31mb\r\u202e\n${"x".repeat(10_000)}`);
  expect(message).toMatch(/^zone1: a\?\[31mb\?\?\nx+…$/);
  expect(message.length).toBeLessThan(2_100);
});
