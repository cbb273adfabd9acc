/**
 * The properties of one side of a resource, function or nested type, in order and one line each,
 * written as TypeScript would: `networkId: string`, `fixedIps?: networking.PortFixedIp[]`. A map of
 * any kind is `map`.
 */
export type Shape = readonly string[];

/** What goes into a resource, function or nested type, and what comes out, where there is any. */
export interface Shapes {
  readonly inputs?: Shape;
  readonly outputs?: Shape;
}

/**
 * A whole package: resources and functions by type token (`openstack:networking/port:Port`), nested
 * types by their name in the SDK (`networking.PortFixedIp`).
 */
export type PackageShapes = Map<string, Shapes>;

export function line(name: string, optional: boolean, type: string): string {
  return `${name}${optional ? "?" : ""}: ${type}`;
}

export function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
