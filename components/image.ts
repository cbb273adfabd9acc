import * as openstack from "@pulumi/openstack";
import * as pulumi from "@pulumi/pulumi";
import type { SipDriver } from "../templates/context";

/** Property of a golden image in Glance: the SIP drivers that its Asterisk has, with commas. */
const SIP_DRIVERS = "sip_drivers";

/**
 * Why `image` cannot serve `sipDriver`, or undefined. An image without the property is trusted: its
 * servers find out at their start.
 */
export function driverFault(
  image: string,
  sipDriver: SipDriver,
  properties: Readonly<Record<string, unknown>> | undefined,
): string | undefined {
  const drivers = properties?.[SIP_DRIVERS];
  if (typeof drivers !== "string" || drivers.split(",").includes(sipDriver)) {
    return undefined;
  }
  return (
    `pbx:sipDriver is ${sipDriver}, and the Asterisk of pbx:image ${image} has ${drivers}; ` +
    "change one of the two"
  );
}

/**
 * The ID of the newest image called `image`: a newer one of the same name is another image, and
 * replaces servers.
 *
 * @param after a resource that is still to be created at the first preview, which then asks no cloud.
 * @param sipDriver that its Asterisk must have.
 * @throws pulumi.RunError naming the drivers that the image has.
 */
export function imageId(
  image: string,
  after: pulumi.Input<string>,
  sipDriver?: SipDriver,
): pulumi.Output<string> {
  const found = openstack.images.getImageOutput({
    name: pulumi.output(after).apply(() => image),
    mostRecent: true,
  });
  return found.apply(({ id, properties }) => {
    const fault = sipDriver && driverFault(image, sipDriver, properties);
    if (fault !== undefined) {
      throw new pulumi.RunError(fault);
    }
    return id;
  });
}
