import { z } from "zod";
import { askAgent, type Session } from "./session";

/** What a service on a node has answered. */
export interface Conversation {
  /** To each order, as far as it came. */
  readonly answers: readonly string[];
  /** Nobody listens at the socket, or there is no answer in time. */
  readonly fault: "absent" | "silent" | null;
}

const conversationSchema = z.object({
  answers: z.array(z.string()),
  fault: z.enum(["absent", "silent"]).nullable(),
});

/**
 * Speaks with a service on a node through its socket in the file system.
 *
 * @param orders a connection each, one after the other.
 * @param seconds for all of them.
 */
export const converse = (
  session: Session,
  socket: string,
  orders: readonly string[],
  seconds: number,
): Promise<Conversation> =>
  askAgent(session, { do: "ask", socket, orders, seconds }, conversationSchema);
