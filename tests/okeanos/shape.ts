/** Keys whose value is part of a shape: they say what state something is in. */
const STATES = new Set(["SNF:task_state", "deleted", "status"]);

/**
 * A JSON value with its keys and types alone, written down so that two can be compared. Of a list, the
 * kinds of element that it has. Of a fault, everything: it is one sentence.
 */
export function shapeOf(value: unknown): string {
  return JSON.stringify(reduce(value), undefined, 1);
}

function reduce(value: unknown): unknown {
  if (Array.isArray(value)) {
    return [...new Set(value.map((element) => JSON.stringify(reduce(element))))].sort();
  }
  if (typeof value === "object" && value !== null) {
    const isFault = "code" in value && "message" in value;
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, part]) => [key, isFault || STATES.has(key) ? part : reduce(part)] as const)
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  }
  return value === null ? "null" : typeof value;
}
