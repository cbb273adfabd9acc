import { setTimeout as sleep } from "node:timers/promises";
import { Deadline } from "../../core/deadline";
import { NodeError } from "../../core/errors";
import { converse } from "../../ssh/conversation";
import { type Session } from "../../ssh/session";
import { asteriskProgram } from "./asterisk-program";

/** Unix domain socket of Asterisk's console. */
const SOCKET = "/run/asterisk/asterisk.ctl";
/** Default timeout in seconds. A working Asterisk answers most commands immediately, even under load. */
const TIMEOUT = 20;
/** Milliseconds between two checks whether Asterisk has started. */
const INTERVAL = 250;

/** Error of a console command on a node on which Asterisk does not run. */
export class NotRunning extends NodeError {}

/**
 * Runs console commands of a zone's Asterisk, one after the other, like `asterisk -rx`. Each command has its
 * own connection. Asterisk first sends a line about itself, then the answer, and then closes the connection.
 *
 * @param seconds timeout for all commands together.
 * @returns the answer to each command.
 * @throws NotRunning; another NodeError if Asterisk does not answer in time, or if the connection to the zone is lost.
 */
export async function asterisk(
  zone: Session,
  commands: readonly string[],
  seconds = TIMEOUT,
): Promise<string[]> {
  if (commands.length === 0) return [];
  const orders = commands.map((command) => `cli quit after ${command}\0`);
  const { answers, fault } = await converse(zone, SOCKET, orders, seconds);
  if (fault === "absent") {
    throw new NotRunning(
      zone.node,
      "Asterisk does not run; see 'journalctl -u asterisk' and /var/log/asterisk/messages on the node",
    );
  }
  if (fault === "silent") {
    throw new NodeError(
      zone.node,
      `Asterisk runs, but does not answer '${commands[answers.length] ?? ""}' within ` +
        `${String(seconds)} s; see /var/log/asterisk/messages on the node`,
    );
  }
  return answers.map((answer) => answer.slice(answer.indexOf("\n") + 1));
}

/**
 * Waits until Asterisk has loaded all modules. Asterisk's console answers earlier than that.
 *
 * @throws NodeError if Asterisk is not ready within `seconds`, or is not started because the image's check has failed.
 */
export async function waitForAsterisk(zone: Session, seconds = 120): Promise<void> {
  const deadline = new Deadline(seconds * 1000);
  for (;;) {
    try {
      await asterisk(zone, ["core waitfullybooted"], Math.max(deadline.remaining, 1) / 1000);
      return;
    } catch (error) {
      if (!(error instanceof NotRunning)) throw error;
      const fault = await asteriskProgram(zone, "fault");
      if (fault !== "") throw new NodeError(zone.node, fault.trim().replace(/^trunkline: /, ""));
      if (deadline.remaining < INTERVAL) {
        throw new NodeError(
          zone.node,
          `Asterisk has not started in ${String(seconds)} s; see 'journalctl -u asterisk' ` +
            "and /var/log/asterisk/messages on the node",
        );
      }
    }
    await sleep(INTERVAL);
  }
}
