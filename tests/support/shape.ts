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

/** A whole package: the shapes by type token (`openstack:networking/port:Port`). */
export type PackageShapes = Map<string, Shapes>;

export function line(name: string, optional: boolean, type: string): string {
  return `${name}${optional ? "?" : ""}: ${type}`;
}
