import { z } from "zod";
import { OperatorError } from "../../core/errors";
import { type Allowance, type Headroom, headroomOf } from "../cloud-api";
import type { CloudSession } from "./cloud-session";

/** Response to Nova's `GET /limits`. -1 means no limit. RAM is in MiB. */
const computeLimits = z.object({
  limits: z.object({
    absolute: z.object({
      maxTotalInstances: z.number(),
      totalInstancesUsed: z.number(),
      maxTotalCores: z.number(),
      totalCoresUsed: z.number(),
      maxTotalRAMSize: z.number(),
      totalRAMUsed: z.number(),
    }),
  }),
});

const allowance = z.object({ limit: z.number(), used: z.number(), reserved: z.coerce.number() });
/** Response to Neutron's `GET /quotas/{project}/details.json`. -1 means no limit. */
const networkQuotas = z.object({ quota: z.object({ port: allowance, floatingip: allowance }) });

const flavors = z.object({
  flavors: z.array(z.object({ name: z.string(), vcpus: z.number(), ram: z.number() })),
});

/** Resource with the limit and the usage that Nova or Neutron reports. */
interface Usage extends Pick<Allowance, "name" | "perZone"> {
  /** -1 means no limit. */
  readonly limit: number;
  readonly used: number;
}

/**
 * Returns the room that the project's limits leave for zones with servers of `flavor`; null if no limit applies.
 *
 * @throws OperatorError if a request fails, or if the cloud has no such flavor.
 */
export async function openstackHeadroom(
  session: CloudSession,
  flavor: string,
): Promise<Headroom | null> {
  const project = await session.projectId();
  const [limits, found, quotas] = await Promise.all([
    session.get("compute", "/limits", computeLimits),
    session.get("compute", "/flavors/detail", flavors),
    // Null if the cloud does not have the Neutron extension of this path.
    session.find("network", `/quotas/${project}/details.json`, networkQuotas),
  ]);
  const size = found.flavors.find(({ name }) => name === flavor);
  if (size === undefined)
    throw new OperatorError(`the cloud has no flavor ${flavor}; check pbx:flavor`);
  const usages = [
    ...computeUsages(limits, size),
    ...(quotas === null ? [] : networkUsages(quotas)),
  ];
  return headroomOf(
    usages
      .filter(({ limit }) => limit >= 0)
      .map(({ used, ...rest }) => ({ ...rest, left: Math.max(0, rest.limit - used) })),
  );
}

function computeUsages(
  { limits: { absolute } }: z.output<typeof computeLimits>,
  size: { readonly vcpus: number; readonly ram: number },
): Usage[] {
  return [
    {
      name: "instances",
      perZone: 1,
      limit: absolute.maxTotalInstances,
      used: absolute.totalInstancesUsed,
    },
    {
      name: "cores",
      perZone: size.vcpus,
      limit: absolute.maxTotalCores,
      used: absolute.totalCoresUsed,
    },
    {
      name: "MiB of RAM",
      perZone: size.ram,
      limit: absolute.maxTotalRAMSize,
      used: absolute.totalRAMUsed,
    },
  ];
}

function networkUsages({ quota }: z.output<typeof networkQuotas>): Usage[] {
  const { port, floatingip } = quota;
  return [
    { name: "ports", limit: port.limit, used: port.used + port.reserved, perZone: 1 },
    {
      name: "floating IPs",
      perZone: 1,
      limit: floatingip.limit,
      used: floatingip.used + floatingip.reserved,
    },
  ];
}
