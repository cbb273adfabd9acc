import { z } from "zod";
import { askAgent, type Session } from "./session";

/** Answers of a service on a node to orders. */
export interface Conversation {
  /** One answer for each order, in the same sequence, up to the first fault. */
  readonly answers: readonly string[];
  /** `absent`: the service does not run. `silent`: no answer in time. Null: all orders were answered. */
  readonly fault: "absent" | "silent" | null;
}

const conversationSchema = z.object({
  answers: z.array(z.string()),
  fault: z.enum(["absent", "silent"]).nullable(),
});

/**
 * Sends orders (commands as text) to a service on a node through the service's Unix domain socket.
 *
 * @param orders sent one after the other, each on its own connection.
 * @param seconds timeout for all orders together.
 * @throws the errors of {@link askAgent}.
 */
export const converse = (
  session: Session,
  socket: string,
  orders: readonly string[],
  seconds: number,
): Promise<Conversation> =>
  askAgent(session, { do: "ask", socket, orders, seconds }, conversationSchema);
