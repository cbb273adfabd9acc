/** File of a node. cloud-init writes it at the first boot, or a NodeConfig writes it later. */
export interface NodeFile {
  /** Absolute path on the node. */
  readonly path: string;
  readonly content: string;
  /** `user:group`. Both exist in the golden image. */
  readonly owner: string;
  /** Octal mode, for example `0640`. */
  readonly mode: string;
}
