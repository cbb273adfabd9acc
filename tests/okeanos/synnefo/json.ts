import { badRequest } from "./faults";
import type { ApiCall } from "./router";

export type Json = Readonly<Record<string, unknown>>;

export const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Returns the body of a request as an object. @throws SynnefoFault if the request does not have a JSON object. */
export function jsonBody({ headers, text }: ApiCall): Json {
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

/** Returns the object at the key `name`. @throws SynnefoFault if the key has no object. */
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

/** Returns the integer in a number or text. If there is no integer, returns NaN or 0. No resource has these IDs. */
export function id(value: unknown): number {
  const number = typeof value === "number" ? value : Number(scalar(value));
  return Number.isInteger(number) ? number : NaN;
}

/** Returns text or a number as text; an empty string for other values. */
export function scalar(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
