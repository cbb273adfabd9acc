import { z } from "zod";
import { askAgent, type Session } from "./session";

/** Answers of a service on a node. */
export interface Conversation {
  /** Answers to the orders, in their order, up to the first fault. */
  readonly answers: readonly string[];
  /** `absent`: no process listens at the socket. `silent`: no answer in time. */
  readonly fault: "absent" | "silent" | null;
}

const conversationSchema = z.object({
  answers: z.array(z.string()),
  fault: z.enum(["absent", "silent"]).nullable(),
});

/**
 * Sends orders to a service on a node through the service's Unix domain socket.
 *
 * @param orders sent one after the other, each on its own connection.
 * @param seconds timeout for all orders together.
 */
export const converse = (
  session: Session,
  socket: string,
  orders: readonly string[],
  seconds: number,
): Promise<Conversation> =>
  askAgent(session, { do: "ask", socket, orders, seconds }, conversationSchema);
