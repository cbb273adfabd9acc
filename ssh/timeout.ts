import { NodeError } from "../core/errors";

/** What work on a node gave, or why it did not. */
export type NodeResult<T> =
  { readonly value: T; readonly fault: null } | { readonly value: null; readonly fault: string };

/** Of a node that is too slow. */
export const timedOut = (node: string, patience: number): NodeResult<never> => ({
  value: null,
  fault: `${node}: no answer in ${String(patience / 1000)} s`,
});

/** What `work` on a node gives within `patience` milliseconds. It may go on after that, unheard. */
export async function withTimeout<T>(
  node: string,
  patience: number,
  work: Promise<T>,
): Promise<NodeResult<T>> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<NodeResult<T>>((resolve) => {
    timer = setTimeout(() => {
      resolve(timedOut(node, patience));
    }, patience);
  });
  try {
    return await Promise.race([work.then((value) => ({ value, fault: null })), timeout]);
  } catch (error) {
    if (!(error instanceof NodeError)) throw error;
    return { value: null, fault: error.message };
  } finally {
    clearTimeout(timer);
  }
}
