import { OperatorError } from "./errors";

/**
 * Runs a command. Prints the message of an OperatorError without a stack trace, and reports any other error as a bug.
 * In both cases, the exit code is `faultCode`.
 */
export function main(run: () => Promise<void>, { faultCode = 1 } = {}): void {
  // EPIPE: the reader closed the pipe, as `head` does after its last line.
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    process.exit(code === "EPIPE" ? 0 : faultCode);
  });
  run().catch((error: unknown) => {
    if (error instanceof OperatorError) {
      console.error(`trunkline: ${error.message}`);
    } else {
      console.error("trunkline: this is a bug, please report it:", error);
    }
    process.exitCode = faultCode;
  });
}
