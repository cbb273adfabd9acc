/** Error answer of Synnefo to a request. */
export class SynnefoFault extends Error {
  override readonly name = "SynnefoFault";

  constructor(
    readonly kind: string,
    readonly code: number,
    message: string,
    readonly details = "",
  ) {
    super(message);
  }

  get body(): Readonly<Record<string, unknown>> {
    return { [this.kind]: { message: this.message, code: this.code, details: this.details } };
  }
}

const fault =
  (kind: string, code: number) =>
  (message: string, details?: string): SynnefoFault =>
    new SynnefoFault(kind, code, message, details);

export const badRequest = fault("badRequest", 400);
export const unauthorized = fault("unauthorized", 401);
export const forbidden = fault("forbidden", 403);
export const notFound = fault("itemNotFound", 404);
export const notAllowed = fault("notAllowed", 405);
export const conflict = fault("conflict", 409);
export const buildInProgress = fault("buildInProgress", 409);
export const overLimit = fault("overLimit", 413);
export const notImplemented = fault("notImplemented", 501);

/** Returns the fault for a request that causes an unexpected exception in Synnefo. */
export const unexpected = (): SynnefoFault =>
  new SynnefoFault("internalServerError", 500, "Unexpected error");

/** Returns the fault that Cyclades makes of a fault of Astakos. The details are the text of Astakos's fault. */
export const relayed = ({ kind, code, message }: SynnefoFault): SynnefoFault => {
  const text = `{"${kind}": {"message": "${message}", "code": ${String(code)}, "details": ""}}`;
  return new SynnefoFault("fault", code, kind.toUpperCase(), text);
};
