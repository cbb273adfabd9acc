import { type Cloud, cyclades } from "./cloud";
import type { ImageRecord } from "./cloud-state";
import { badRequest, notFound } from "./faults";
import type { Json } from "./json";
import { links } from "./links";
import type { Route } from "./router";

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const imageLinks = (origin: string, id: string): readonly Json[] => [
  ...links(origin, `/compute/v2.0/images/${id}`),
  { href: `${origin}/cyclades/image/v1.0/images/${id}`, rel: "alternate" },
];

/** Returns an image. @param message text of the fault if no image has this UUID. */
export function imageById({ cloudState }: Cloud, id: string, message = ""): ImageRecord {
  const image = cloudState.images.get(id);
  if (image === undefined) {
    throw UUID.test(id) ? notFound(message) : badRequest("");
  }
  return image;
}

/** Returns an image in the format of the compute service. */
const computeView = (
  origin: string,
  { id, name, owner, created, properties }: ImageRecord,
): Json => ({
  id,
  name,
  status: "ACTIVE",
  progress: 100,
  public: true,
  is_snapshot: false,
  user_id: owner,
  tenant_id: owner,
  created,
  updated: created,
  metadata: properties,
  links: imageLinks(origin, id),
});

/** Returns an image in Plankton's short format. */
const planktonBrief = ({ id, name, size }: ImageRecord): Json => ({
  id,
  name,
  size,
  status: "AVAILABLE",
  disk_format: "diskdump",
  container_format: "bare",
});

function planktonWhole(image: ImageRecord): Json {
  const { id, name, owner, created, properties } = image;
  const at = created.slice(0, 19).replace("T", " ");
  return {
    ...planktonBrief(image),
    owner,
    properties,
    is_public: true,
    is_snapshot: false,
    checksum: id.replaceAll("-", "").repeat(2),
    location: `pithos://${owner}/images/${encodeURIComponent(name)}.diskdump`,
    created_at: at,
    updated_at: at,
    deleted_at: "",
  };
}

/** Returns an image as the headers of an answer to a HEAD request. */
function planktonHeaders(image: ImageRecord): Record<string, string> {
  const { properties, ...rest } = planktonWhole(image);
  const header = (prefix: string, values: object): [string, string][] =>
    Object.entries(values).map(([key, value]) => [
      `x-image-meta-${prefix}${key.replaceAll("_", "-")}`,
      String(value),
    ]);
  return Object.fromEntries([
    ...header("", rest),
    ...header("property-", properties as Readonly<Record<string, string>>),
  ]);
}

export function imageRoutes(cloud: Cloud): readonly Route[] {
  const images = (): ImageRecord[] => [...cloud.cloudState.images.values()];
  const get = (path: string, view: (origin: string) => Json): Route =>
    cyclades(cloud, "GET", path, (_, { origin }) => ({ status: 200, body: view(origin) }));
  const compute = "/compute/v2.0/images";
  const plankton = "/image/v1.0/images";
  return [
    get(compute, () => ({ images: images().map(({ id, name }) => ({ id, name })) })),
    get(`${compute}/detail`, (origin) => ({
      images: images().map((image) => computeView(origin, image)),
    })),
    cyclades(cloud, "GET", `${compute}/{image:[\\w-]+}`, (_, { origin, params }) => ({
      status: 200,
      body: { image: computeView(origin, imageById(cloud, params.image ?? "")) },
    })),
    cyclades(cloud, "GET", `${compute}/{image:[\\w-]+}/metadata`, (_, { params }) => ({
      status: 200,
      body: { metadata: imageById(cloud, params.image ?? "").properties },
    })),
    get(plankton, () => ({ images: images().map(planktonBrief) })),
    get(`${plankton}/detail`, () => ({ images: images().map(planktonWhole) })),
    cyclades(cloud, "HEAD", `${plankton}/{image:[\\w-]+}`, (_, { params }) => ({
      status: 200,
      headers: planktonHeaders(imageById(cloud, params.image ?? "")),
    })),
    cyclades(cloud, "GET", `${plankton}/{image:[\\w-]+}`, () => ({ status: 501 })),
  ];
}
