/**
 * Whether `pulumi` has failed on a state that was just being written. Where stacks are kept in files,
 * one that is read without its lock may be read half written.
 */
export const isHalfWritten = (error: unknown): boolean =>
  String(error).includes("failed to load checkpoint");
