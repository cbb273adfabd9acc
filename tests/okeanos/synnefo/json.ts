import { badRequest } from "./faults";
import type { Call } from "./router";

export type Json = Readonly<Record<string, unknown>>;

export const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The body of a request as an object. */
export function jsonBody({ headers, text }: Call): Json {
  const type = headers["content-type"];
  if (type?.startsWith("application/json") !== true) {
    throw badRequest(`Unsupported Content-type: '${type ?? ""}'`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw badRequest("Could not decode request body as JSON");
  }
  if (!isJson(value)) {
    throw badRequest("Malformed request");
  }
  return value;
}

/** The object under `name`, without which a request has no meaning. */
export function attribute(body: Json, name: string): Json {
  const value = required(body, name);
  if (!isJson(value)) {
    throw badRequest("Malformed request");
  }
  return value;
}

export function required(body: Json, name: string): unknown {
  if (body[name] === undefined) {
    throw badRequest(`Malformed request. Missing attribute '${name}'.`);
  }
  return body[name];
}

/** Ids come as numbers or as text. */
export function id(value: unknown): number {
  const number = typeof value === "number" ? value : Number(scalar(value));
  return Number.isInteger(number) ? number : NaN;
}

/** Text or a number as text; whatever else is not taken for either. */
export function scalar(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
