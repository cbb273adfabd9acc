import { OperatorError } from "./errors";

/** Runs a program. Prints an OperatorError as one line and sets the exit code. Reports any other error as a bug. */
export function main(program: () => Promise<void>, { faultCode = 1 } = {}): void {
  // EPIPE: the reader closed the pipe, as `head` does after its last line.
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
