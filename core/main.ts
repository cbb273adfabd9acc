import { OperatorError } from "./errors";

/** Runs a program to its end. A fault is one line and an exit code; anything else is a bug. */
export function main(program: () => Promise<void>, { faultCode = 1 } = {}): void {
  // The reader has closed the pipe, as `head` does after its last line.
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    process.exit(code === "EPIPE" ? 0 : faultCode);
  });
  program().catch((error: unknown) => {
    if (error instanceof OperatorError) {
      console.error(`trunkline: ${error.message}`);
    } else {
      console.error("trunkline: this is a bug, please report it:", error);
    }
    process.exitCode = faultCode;
  });
}
