import { z } from "zod";
import { Fault } from "../../cli/command";
import type { Headroom } from "../hands";
import type { CloudSession } from "./session";

/** Nova's `GET /limits`: -1 stands for no limit. Cores, instances, and RAM in MiB. */
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

/** Neutron's `GET /quotas/{project}/details.json`. */
const allowance = z.object({ limit: z.number(), used: z.number(), reserved: z.coerce.number() });
const networkQuotas = z.object({ quota: z.object({ port: allowance, floatingip: allowance }) });

const flavors = z.object({
  flavors: z.array(z.object({ name: z.string(), vcpus: z.number(), ram: z.number() })),
});

/** Something that the cloud gives so much of, and of which a zone takes a part. */
interface Allowance {
  readonly name: string;
  /** -1 for no limit. */
  readonly limit: number;
  readonly used: number;
  readonly perZone: number;
}

/** Room for zones with servers of `flavor`, by the limits of the project. @throws Fault */
export async function openstackHeadroom(
  session: CloudSession,
  flavor: string,
): Promise<Headroom | null> {
  const project = await session.projectId();
  const [limits, found, quotas] = await Promise.all([
    session.get("compute", "/limits", computeLimits),
    session.get("compute", "/flavors/detail", flavors),
    // An extension of Neutron that a cloud may do without.
    session.find("network", `/quotas/${project}/details.json`, networkQuotas),
  ]);
  const size = found.flavors.find(({ name }) => name === flavor);
  if (size === undefined) throw new Fault(`the cloud has no flavor ${flavor}; see pbx:flavor`);
  return headroomOf([
    ...computeAllowances(limits, size),
    ...(quotas === null ? [] : networkAllowances(quotas)),
  ]);
}

function computeAllowances(
  { limits: { absolute } }: z.output<typeof computeLimits>,
  size: { readonly vcpus: number; readonly ram: number },
): Allowance[] {
  return [
    {
      ...{ name: "instances", perZone: 1 },
      ...{ limit: absolute.maxTotalInstances, used: absolute.totalInstancesUsed },
    },
    {
      ...{ name: "cores", perZone: size.vcpus },
      ...{ limit: absolute.maxTotalCores, used: absolute.totalCoresUsed },
    },
    {
      ...{ name: "MiB of RAM", perZone: size.ram },
      ...{ limit: absolute.maxTotalRAMSize, used: absolute.totalRAMUsed },
    },
  ];
}

function networkAllowances({ quota }: z.output<typeof networkQuotas>): Allowance[] {
  const { port, floatingip } = quota;
  return [
    { name: "ports", limit: port.limit, used: port.used + port.reserved, perZone: 1 },
    {
      ...{ name: "floating addresses", perZone: 1 },
      ...{ limit: floatingip.limit, used: floatingip.used + floatingip.reserved },
    },
  ];
}

/** What the scarcest of `allowances` has room for; null where none has a limit. */
function headroomOf(allowances: readonly Allowance[]): Headroom | null {
  return allowances
    .filter(({ limit, perZone }) => limit >= 0 && perZone > 0)
    .map(({ name, limit, used, perZone }): Headroom => {
      const left = Math.max(0, limit - used);
      return {
        zones: Math.floor(left / perZone),
        short: `${String(left)} of ${String(limit)} ${name} left, and a zone takes ${String(perZone)}`,
      };
    })
    .reduce<Headroom | null>(
      (least, room) => (least === null || room.zones < least.zones ? room : least),
      null,
    );
}
