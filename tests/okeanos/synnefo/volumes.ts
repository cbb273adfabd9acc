import { type Cloud, cyclades } from "./cloud";
import { links } from "./links";
import type { Route } from "./router";

/** Returns routes for volumes. Each server has one volume, which is created and deleted with the server. */
export function volumeRoutes(cloud: Cloud): readonly Route[] {
  const { servers, flavors } = cloud.cloudState;
  return [
    cyclades(cloud, "GET", "/volume/v2.0/volumes", (user, { origin }) => ({
      status: 200,
      body: {
        volumes: [...servers.values()]
          .filter(({ userId, state }) => userId === user.uuid && state !== "DESTROYED")
          .map(({ volumeId }) => ({
            id: String(volumeId),
            display_name: null,
            links: links(origin, `/volume/v2.0/volumes/${String(volumeId)}`),
          })),
      },
    })),
    cyclades(cloud, "GET", "/volume/v2.0/types", () => ({
      status: 200,
      body: {
        volume_types: [
          ...new Map(
            [...flavors.values()].map(({ volumeType, template }) => [volumeType, template]),
          ),
        ].map(([id, name]) => ({
          id,
          name,
          "SNF:disk_template": name,
          "SNF:detachable": false,
          deleted: false,
        })),
      },
    })),
  ];
}
