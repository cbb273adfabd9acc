import type { Json } from "./json";
import { type ApiCall, route, type Route } from "./router";

const UPDATED = "2011-01-21T11:33:21-06:00";
const media = (format: string): Json => ({
  base: `application/${format}`,
  type: `application/vnd.openstack.compute.v2+${format}`,
});

/** Returns the routes of Cyclades and Plankton that need no token: versions, and extensions of Compute. */
export function versionRoutes(): readonly Route[] {
  const get = (path: string, view: (root: string) => Json): Route =>
    route("GET", `/cyclades${path}`, ({ origin }: ApiCall) => ({
      status: 200,
      body: view(`${origin}/cyclades`),
    }));
  const current = (href: string, id: string): Json => ({
    id,
    status: "CURRENT",
    links: [{ href, rel: "self" }],
  });
  return [
    get("/compute", (root) => ({
      versions: [{ ...current(`${root}/compute/v2.0/`, "v2.0"), updated: UPDATED }],
    })),
    get("/compute/v2.0/", (root) => ({
      version: {
        ...current(`${root}/compute/v2.0/`, "v2.0"),
        updated: UPDATED,
        media_types: [media("xml"), media("json")],
        links: [
          { href: `${root}/compute/v2.0/`, rel: "self" },
          ...["pdf", "vnd.sun.wadl+xml"].map((type) => ({
            href: "https://docs.openstack.org/",
            type: `application/${type}`,
            rel: "describedby",
          })),
        ],
      },
    })),
    get("/compute/v2.0/extensions", () => ({ extensions: [] })),
    get("/network", (root) => ({ versions: [current(`${root}/network/v2.0/`, "v2.0")] })),
    get("/image", (root) => ({
      versions: ["v1.0", "v1"].map((id) => ({
        ...current(`${root}/image/${id}/`, id),
        media_types: [media("json")],
      })),
    })),
  ];
}
