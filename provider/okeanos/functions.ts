import { findImage } from "../../clouds/okeanos/catalogue";
import type { OkeanosClient } from "../../clouds/okeanos/client";
import { type OkeanosDemand, preflight } from "../../clouds/okeanos/preflight";

/** A provider function that the Pulumi program calls. It creates no resource. Inputs and outputs are plain values. */
export type ProviderFunction = (inputs: object) => Promise<object>;

export function okeanosFunctions(
  okeanos: () => OkeanosClient,
): Readonly<Record<string, ProviderFunction>> {
  return {
    "pbx:okeanos:getImage": async (inputs) => {
      const { name } = inputs as { readonly name: string };
      const { id, metadata = {} } = await findImage(okeanos(), name);
      // Cyclades does not normalize the case of property names.
      const properties = Object.entries(metadata).map(([key, value]) => [key.toLowerCase(), value]);
      return { id, properties: Object.fromEntries(properties) as object };
    },
    "pbx:okeanos:preflight": (inputs) => preflight(okeanos(), inputs as OkeanosDemand),
  };
}
