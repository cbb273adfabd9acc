import { UnknownResult } from "./faults";

/**
 * Creates a resource exactly once, even if the response to a request is lost.
 *
 * @param find returns the resource that a request without response created; undefined if it created none.
 * @param attempts maximum number of requests.
 * @throws UnknownResult if the last request got no valid response and `find` found nothing.
 */
export async function createOnce<T>(
  create: () => Promise<T>,
  find: (lost: UnknownResult) => Promise<T | undefined>,
  attempts = 2,
): Promise<T> {
  try {
    return await create();
  } catch (error) {
    if (!(error instanceof UnknownResult)) throw error;
    const found = await find(error);
    if (found !== undefined) return found;
    if (attempts === 1) throw error;
    return createOnce(create, find, attempts - 1);
  }
}
