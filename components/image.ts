import * as pulumi from "@pulumi/pulumi";
import type { SipDriver } from "../core/telephony";

/** Property of a golden image: the SIP drivers that its Asterisk has, with commas. */
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
 * The ID of the image that a cloud found by the name `name`.
 *
 * @throws pulumi.RunError naming the drivers that it has, where `sipDriver` is not among them.
 */
export function checkedImage(
  name: string,
  found: pulumi.Output<{
    readonly id: string;
    readonly properties?: Readonly<Record<string, unknown>> | undefined;
  }>,
  sipDriver?: SipDriver,
): pulumi.Output<string> {
  return found.apply(({ id, properties }) => {
    const fault = sipDriver && driverFault(name, sipDriver, properties);
    if (fault !== undefined) {
      throw new pulumi.RunError(fault);
    }
    return id;
  });
}
