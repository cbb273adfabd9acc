import * as pulumi from "@pulumi/pulumi";
import type { SipDriver } from "../core/telephony";

/** Property of a golden image that lists the SIP drivers of its Asterisk, separated by commas. */
const SIP_DRIVERS = "sip_drivers";

/**
 * Returns why `image` does not support `sipDriver`; undefined if the image supports the driver or does not list its
 * drivers. A server of an image without the list checks the driver when the server starts.
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
    `pbx:sipDriver is ${sipDriver}, but Asterisk in pbx:image ${image} supports ${drivers}; ` +
    "change one of the two"
  );
}

/**
 * Returns the ID of the image that a cloud found under `name`.
 *
 * @throws pulumi.RunError if the image lists its drivers and `sipDriver` is not one of them.
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
