import { type Cloud, cyclades } from "./cloud";
import type { FlavorRecord } from "./cloud-state";
import { notFound } from "./faults";
import type { Json } from "./json";
import { links } from "./links";
import type { Route } from "./router";

export const flavorLinks = (origin: string, id: number) =>
  links(origin, `/compute/v2.0/flavors/${String(id)}`);

const brief = (origin: string, { id, name }: FlavorRecord): Json => ({
  id,
  name,
  links: flavorLinks(origin, id),
});

const whole = (origin: string, flavor: FlavorRecord): Json => ({
  ...brief(origin, flavor),
  vcpus: flavor.vcpus,
  ram: flavor.ram,
  disk: flavor.disk,
  "SNF:disk_template": flavor.template,
  "SNF:volume_type": flavor.volumeType,
  "SNF:allow_create": true,
  "SNF:flavor-access": [],
  "os-flavor-access:is_public": true,
});

/** Returns a flavor for a new server or a resize. @throws SynnefoFault if the flavor does not exist or is retired. */
export function offeredFlavorById(cloud: Cloud, id: number): FlavorRecord {
  const flavor = flavorById(cloud, id);
  if (cloud.cloudState.retiredFlavors.has(flavor.name)) {
    throw notFound("Flavor not found.");
  }
  return flavor;
}

export function flavorById({ cloudState }: Cloud, id: number): FlavorRecord {
  const flavor = cloudState.flavors.get(id);
  if (flavor === undefined) {
    throw notFound("Flavor not found.");
  }
  return flavor;
}

export function flavorRoutes(cloud: Cloud): readonly Route[] {
  const list = (path: string, view: typeof brief): Route =>
    cyclades(cloud, "GET", `/compute/v2.0/flavors${path}`, (_, { origin }) => ({
      status: 200,
      body: {
        flavors: [...cloud.cloudState.flavors.values()]
          .filter(({ name }) => !cloud.cloudState.retiredFlavors.has(name))
          .map((flavor) => view(origin, flavor)),
      },
    }));
  return [
    list("", brief),
    list("/detail", whole),
    cyclades(cloud, "GET", "/compute/v2.0/flavors/{flavor}", (_, { origin, params }) => ({
      status: 200,
      body: { flavor: whole(origin, flavorById(cloud, Number(params.flavor))) },
    })),
    cyclades(cloud, "GET", "/compute/v2.0/flavors/{flavor}/os-extra_specs", (_, { params }) => {
      flavorById(cloud, Number(params.flavor));
      return { status: 200, body: { extra_specs: {} } };
    }),
  ];
}
