import { setTimeout as sleep } from "node:timers/promises";
import { NodeError } from "../../core/errors";
import { converse } from "../../ssh/conversation";
import { Deadline } from "../../core/deadline";
import { type Session } from "../../ssh/session";
import { asteriskProgram } from "./program";

/** Made when Asterisk starts. */
const SOCKET = "/run/asterisk/asterisk.ctl";
/** Seconds. An Asterisk that lives answers at once, also under load. */
const PATIENCE = 20;
/** Between two looks for an Asterisk that starts, in milliseconds. */
const INTERVAL = 250;

/** No Asterisk runs there. */
export class NotRunning extends NodeError {}

/**
 * Gives commands to the console of a zone's Asterisk, one after the other, as `asterisk -rx` does: a
 * connection each, which Asterisk greets with a line about itself and closes when it has answered.
 *
 * @param seconds for all of them.
 * @returns what it answers to each.
 * @throws NotRunning, or NodeError when it runs and does not answer.
 */
export async function asterisk(
  zone: Session,
  commands: readonly string[],
  seconds = PATIENCE,
): Promise<string[]> {
  if (commands.length === 0) return [];
  const orders = commands.map((command) => `cli quit after ${command}\0`);
  const { answers, fault } = await converse(zone, SOCKET, orders, seconds);
  if (fault === "absent") {
    throw new NotRunning(
      zone.node,
      "Asterisk does not run; see 'journalctl -u asterisk' and /var/log/asterisk/messages there",
    );
  }
  if (fault === "silent") {
    throw new NodeError(
      zone.node,
      `Asterisk runs, and does not answer to '${commands[answers.length] ?? ""}' in ` +
        `${String(seconds)} s; see /var/log/asterisk/messages there`,
    );
  }
  return answers.map((answer) => answer.slice(answer.indexOf("\n") + 1));
}

/**
 * Resolves when Asterisk has loaded everything: its console answers before all of its modules do.
 *
 * @throws NodeError when it has not in `seconds`, or may not start.
 */
export async function waitForAsterisk(zone: Session, seconds = 120): Promise<void> {
  const deadline = new Deadline(seconds * 1000);
  for (;;) {
    try {
      await asterisk(zone, ["core waitfullybooted"], Math.max(deadline.left, 1) / 1000);
      return;
    } catch (error) {
      if (!(error instanceof NotRunning)) throw error;
      const fault = await asteriskProgram(zone, "fault");
      if (fault !== "") throw new NodeError(zone.node, fault.trim().replace(/^trunkline: /, ""));
      if (deadline.left < INTERVAL) {
        throw new NodeError(
          zone.node,
          `Asterisk has not started in ${String(seconds)} s; see 'journalctl -u asterisk' ` +
            "and /var/log/asterisk/messages there",
        );
      }
    }
    await sleep(INTERVAL);
  }
}
