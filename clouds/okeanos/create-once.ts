import { UnknownResult } from "./faults";

/**
 * Creates a resource. After an UnknownResult, sends the request again only if `find` finds no resource.
 *
 * @param find returns the resource that the request created; undefined if the request created none.
 * @param attempts maximum number of requests.
 * @throws the UnknownResult of the last request if `find` found nothing; other errors of `create` unchanged.
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
