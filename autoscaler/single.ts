import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { OperatorError } from "../core/errors";

/**
 * Makes this process the only autoscaler of a stack of this clone on this machine. Listens on an abstract Unix socket.
 * The kernel lets only one process use the name of the socket, and releases the name when this process ends for any
 * reason.
 *
 * @param file path of the memory file of this stack's autoscaler. The name of the socket is made from this path.
 * @returns a function that releases the lock.
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
    // A hash of the path, because the kernel accepts names of at most 107 bytes.
    const name = createHash("sha256").update(file).digest("hex");
    server.listen({ path: `\0trunkline-autoscale-${name}` }, resolve);
  });
  return () => {
    server.close();
  };
}
