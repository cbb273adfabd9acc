import { type Headroom, headroomOf } from "../cloud-api";
import { findFlavor } from "./catalogue";
import type { OkeanosClient } from "./client";
import { unusedAddresses } from "./floating-ips";
import { ADDRESSES, findProject, serverNeeds, quotaRows, quotasOf } from "./quotas";

/** Settings that determine which quotas a zone uses, and how much of each. */
export interface ZoneNeeds {
  readonly flavor: string;
  /** ID or name of the project whose quotas are used; the user's own project if undefined. */
  readonly project: string | undefined;
  /** Whether new zones may take unused public addresses of the project. */
  readonly reuseAddresses: boolean;
}

/** Returns the room that the project's quotas leave for more zones; null if no quota applies. @throws NodeError */
export async function okeanosHeadroom(
  okeanos: OkeanosClient,
  needs: ZoneNeeds,
): Promise<Headroom | null> {
  const { id: project } = await findProject(okeanos, needs.project);
  const [flavor, quotas, unused] = await Promise.all([
    findFlavor(okeanos, needs.flavor),
    quotasOf(okeanos, project),
    needs.reuseAddresses ? unusedAddresses(okeanos, project) : [],
  ]);
  const rows = quotaRows({ ...serverNeeds([{ flavor }]), [ADDRESSES]: 1 }, quotas);
  return headroomOf(
    rows.map(({ resource, title, limit, free, needed }) => ({
      name: title,
      limit,
      left: free + (resource === ADDRESSES ? unused.length : 0),
      perZone: needed,
    })),
  );
}
