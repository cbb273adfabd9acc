import { CALLS } from "./calls";
import type { InteropArea } from "./case";
import { IN_CALL } from "./in-call";
import { MESSAGES } from "./messages";
import { OUTSIDE } from "./outside";
import { REGISTRATION } from "./registration";
import { TRANSFERS } from "./transfers";

/** What a phone vendor's laboratory would try: the table in docs/interop.md. */
export const INTEROP: readonly InteropArea[] = [
  REGISTRATION,
  MESSAGES,
  CALLS,
  IN_CALL,
  TRANSFERS,
  OUTSIDE,
];
