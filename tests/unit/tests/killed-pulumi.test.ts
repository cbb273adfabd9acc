import { spawn } from "node:child_process";
import { once } from "node:events";
import { ended } from "../../../phones/command";
import { within } from "../../../phones/deadline";
import { ROOT } from "../../../core/paths";

/** Script like Pulumi's host of programs, which prints an uncaught error. */
const HOST = `
process.on("uncaughtException", (error) => console.error(error));
import("./index.ts").then(() => {
  console.log("loaded");
  process.stdin.once("data", () => console.error("the engine does not answer"));
});`;

test("a program ends if its Pulumi was killed and nothing reads its output", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "-e", HOST], {
    cwd: ROOT,
    stdio: ["pipe", "pipe", "pipe"],
  });
  try {
    await once(child.stdout, "data");
    child.stderr.destroy();
    child.stdin.write("\n");
    await within(5_000, "the end of the program", ended(child));
    expect(child.exitCode).toBe(1);
  } finally {
    child.kill("SIGKILL");
  }
}, 30_000);
