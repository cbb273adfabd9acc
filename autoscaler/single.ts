import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { OperatorError } from "../core/errors";

/**
 * Makes this process the only autoscaler of a stack on this machine. It listens on an abstract socket: the kernel gives
 * the name to one process at a time and releases the name when the process ends for any reason.
 *
 * @param file the memory file of this stack's autoscaler, from which the name is made.
 * @returns releases the lock.
 * @throws OperatorError if another autoscaler of this stack is running.
 */
export async function lockAutoscaler(file: string): Promise<() => void> {
  const server = createServer().unref();
  await new Promise<void>((resolve, reject) => {
    server.on("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new OperatorError("another autoscaler of this stack is running; stop that one first")
          : error,
      );
    });
    // The kernel accepts names of at most 107 bytes.
    const name = createHash("sha256").update(file).digest("hex");
    server.listen({ path: `\0trunkline-autoscale-${name}` }, resolve);
  });
  return () => {
    server.close();
  };
}
