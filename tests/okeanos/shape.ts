/** Keys whose values are part of a shape. */
const STATES = new Set(["SNF:task_state", "deleted", "status"]);

/**
 * Returns the shape of a JSON value as text, for comparisons. A shape has the keys and types of values, and the values
 * of the keys in `STATES`. The shape of a list has each shape of an element once. The shape of a fault has all its
 * values.
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
