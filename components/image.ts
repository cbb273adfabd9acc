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
 * The name of `image`, once it is known that its Asterisk has `sipDriver`.
 *
 * @param after a resource that is still to be created at the first preview, which then asks no cloud.
 * @throws pulumi.RunError naming the drivers that the image has.
 */
export function imageWithDriver(
  image: string,
  sipDriver: SipDriver,
  after: pulumi.Input<string>,
): pulumi.Output<string> {
  const found = openstack.images.getImageOutput({
    name: pulumi.output(after).apply(() => image),
    mostRecent: true,
  });
  return found.apply(({ properties }) => {
    const fault = driverFault(image, sipDriver, properties);
    if (fault !== undefined) {
      throw new pulumi.RunError(fault);
    }
    return image;
  });
}
