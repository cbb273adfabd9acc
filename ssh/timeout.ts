import { NodeError } from "../core/errors";

/** Result of work on a node: a value, or an error message if the work failed or took too long. */
export type NodeResult<T> =
  { readonly value: T; readonly fault: null } | { readonly value: null; readonly fault: string };

/** Returns the result for a node that did not answer within `milliseconds`. */
export const timedOut = (node: string, milliseconds: number): NodeResult<never> => ({
  value: null,
  fault: `${node}: no answer in ${String(milliseconds / 1000)} s`,
});

/**
 * Returns the result of `work`, the message of its NodeError, or a fault after `milliseconds`. The timeout does not
 * cancel `work`. A result or an error of `work` after the timeout is ignored.
 *
 * @throws errors of `work` before the timeout that are not NodeErrors.
 */
export async function withTimeout<T>(
  node: string,
  milliseconds: number,
  work: Promise<T>,
): Promise<NodeResult<T>> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<NodeResult<T>>((resolve) => {
    timer = setTimeout(() => {
      resolve(timedOut(node, milliseconds));
    }, milliseconds);
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
