import { createHmac } from "node:crypto";
import type { Exchange } from "../../plan/exchange";

/**
 * What `thing` of a stack is known by in the cloud. Nobody else can come to the same: it takes the stack's
 * master secret. So whatever bears it, and is not in the stack's state, was left behind by an update that
 * was interrupted.
 */
export const markOf = ({ digestKey }: Exchange, thing: string): string =>
  createHmac("sha256", digestKey).update(`okeanos ${thing}`).digest("hex").slice(0, 32);

/** What the server of a node is marked with. */
export const ownerOf = (exchange: Exchange, node: string): string =>
  markOf(exchange, `server ${node}`);
