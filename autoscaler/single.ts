import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { OperatorError } from "../core/errors";

/**
 * Makes this process the only autoscaler of a stack on this machine, by a name that the kernel gives
 * to one process at a time and takes back when it ends, however that comes about.
 *
 * @param file that the autoscaler of this stack, and no other, remembers things in.
 * @throws OperatorError when there is another one.
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
    // The kernel takes names of 107 bytes at the most.
    const name = createHash("sha256").update(file).digest("hex");
    server.listen({ path: `\0trunkline-autoscale-${name}` }, resolve);
  });
  return () => {
    server.close();
  };
}
