import type { Call } from "./call";
import type { Phone } from "./phone";

/**
 * Places a call, and returns both ends of the established call: first the caller's, then the callee's.
 *
 * @throws CallRefused with the reason if the call ends before the answer.
 */
export async function connect(caller: Phone, callee: Phone): Promise<[Call, Call]> {
  const ringing = callee.nextCall();
  ringing.catch(() => undefined); // If the call fails, the caller's error is thrown.
  const outgoing = await caller.call(callee.account.extension);
  await outgoing.established;
  const incoming = await ringing;
  await incoming.established;
  return [outgoing, incoming];
}
