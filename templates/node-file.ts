/** A file that a node must hold: what cloud-init writes at the first boot. */
export interface NodeFile {
  /** Absolute path on the node. */
  readonly path: string;
  readonly content: string;
  /** `user:group`, both present in the golden image. */
  readonly owner: string;
  /** Octal, for example `0640`. */
  readonly mode: string;
}
