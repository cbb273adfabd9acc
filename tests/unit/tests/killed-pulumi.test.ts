import { spawn } from "node:child_process";
import { once } from "node:events";
import { ROOT } from "../../../core/paths";
import { ended } from "../../../phones/child-process";
import { within } from "../../../phones/within";

/** Script in place of Pulumi's Node.js language host. Loads index.ts, and prints uncaught errors as Pulumi does. */
const HOST = `
process.on("uncaughtException", (error) => console.error(error));
import("./index.ts").then(() => {
  console.log("loaded");
  process.stdin.once("data", () => console.error("the engine does not answer"));
});`;

test("the Pulumi program ends if Pulumi was killed and nothing reads the program's standard error", async () => {
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
