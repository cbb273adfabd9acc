/**
 * Properties of the inputs or outputs of a resource, function or nested type: sorted lines in TypeScript syntax, such
 * as `networkId: string` or `fixedIps?: networking.PortFixedIp[]`. A map of any kind is written as `map`.
 */
export type Shape = readonly string[];

/** Inputs and outputs of a resource, function or nested type, if it has any. */
export interface Shapes {
  readonly inputs?: Shape;
  readonly outputs?: Shape;
}

/**
 * Shapes of a whole package: resources and functions by type token (`openstack:networking/port:Port`), nested types by
 * their name in the SDK (`networking.PortFixedIp`).
 */
export type PackageShapes = Map<string, Shapes>;

export function line(name: string, optional: boolean, type: string): string {
  return `${name}${optional ? "?" : ""}: ${type}`;
}

export function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
