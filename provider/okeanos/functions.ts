import type { OkeanosDemand } from "../../clouds/okeanos/preflight";
import { findImage } from "../../clouds/okeanos/catalogue";
import type { OkeanosClient } from "../../clouds/okeanos/client";
import { preflight } from "../../clouds/okeanos/preflight";

/** What the program asks the provider for without having it make something; in plain values. */
export type ProviderFunction = (inputs: object) => Promise<object>;

/** By token. */
export function okeanosFunctions(
  okeanos: () => OkeanosClient,
): Readonly<Record<string, ProviderFunction>> {
  return {
    "pbx:okeanos:getImage": async (inputs) => {
      const { name } = inputs as { readonly name: string };
      const { id, metadata = {} } = await findImage(okeanos(), name);
      // Cyclades keeps the names of properties in any case.
      const properties = Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), value]);
      return { id, properties: Object.fromEntries(properties) as object };
    },
    "pbx:okeanos:preflight": (inputs) => preflight(okeanos(), inputs as OkeanosDemand),
  };
}
