import { Uncertain } from "./faults";

/**
 * Creates something exactly once, though the response to a request may be lost.
 *
 * @param find what a request created whose response was lost; undefined if it created nothing.
 * @throws Uncertain if that stays unknown.
 */
export async function createOnce<T>(
  create: () => Promise<T>,
  find: (lost: Uncertain) => Promise<T | undefined>,
  attempts = 2,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof Uncertain)) throw error;
    const found = await find(error);
    if (found !== undefined) return found;
    if (attempts === 1) throw error;
    return createOnce(create, find, attempts - 1);
  }
}
