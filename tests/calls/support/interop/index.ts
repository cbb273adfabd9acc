import { CALLS } from "./calls";
import type { InteropArea } from "./case";
import { IN_CALL } from "./in-call";
import { MESSAGES } from "./messages";
import { OUTSIDE } from "./outside";
import { REGISTRATION } from "./registration";
import { TRANSFERS } from "./transfers";

/** Cases that a phone vendor's laboratory would test. The tables of docs/interop.md are generated from these cases. */
export const INTEROP: readonly InteropArea[] = [
  REGISTRATION,
  MESSAGES,
  CALLS,
  IN_CALL,
  TRANSFERS,
  OUTSIDE,
];
