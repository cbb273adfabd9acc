import { badRequest, unexpected } from "./faults";
import type { Json } from "./json";

/** Maximum number of items, and maximum lengths of a key and a value in characters. */
const MOST = { items: 10, key: 50, value: 500 };

/** Checks the limits of a server's metadata. @throws SynnefoFault if the metadata exceeds a limit. */
export function checkMetadata(metadata: ReadonlyMap<string, string>): void {
  if (metadata.size > MOST.items) {
    throw badRequest(`Virtual Machines cannot have more than ${String(MOST.items)} metadata items`);
  }
  for (const [key, value] of metadata) {
    if (key.length > MOST.key) throw badRequest("Metadata key is too long");
    if (value.length > MOST.value) throw badRequest("Metadata value is too long");
  }
}

/** Adds `added` to `metadata`. @throws SynnefoFault if an item is invalid; `metadata` is then unchanged. */
export function addMetadata(metadata: Map<string, string>, added: Json): void {
  const entries = Object.entries(added).map(([key, value]): [string, string] => {
    if (typeof value !== "string") throw unexpected();
    return [key, value];
  });
  checkMetadata(new Map([...metadata, ...entries]));
  for (const [key, value] of entries) metadata.set(key, value);
}
