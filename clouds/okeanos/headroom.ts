import { findFlavor } from "./catalogue";
import type { OkeanosClient } from "./client";
import { unusedAddresses } from "./floating-ips";
import { ADDRESSES, findProject, ofServers, quotaRows, quotasOf } from "./quotas";
import type { Headroom } from "../cloud";
import { headroomOf } from "../headroom";

/** What decides how much of Okeanos a zone takes, and from whom. */
export interface ZoneNeeds {
  readonly flavor: string;
  /** ID or name of the project that pays; the user's own where none is named. */
  readonly project: string | undefined;
  /** Whether public addresses that the project has and nobody uses are taken. */
  readonly reuseAddresses: boolean;
}

/** Room for zones, by the quotas of the project that pays for them. @throws NodeError */
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
  const rows = quotaRows({ ...ofServers([{ flavor }]), [ADDRESSES]: 1 }, quotas);
  return headroomOf(
    rows.map(({ resource, title, limit, free, needed }) => ({
      name: title,
      limit,
      left: free + (resource === ADDRESSES ? unused.length : 0),
      perZone: needed,
    })),
  );
}
