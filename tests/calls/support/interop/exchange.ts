import { dialFrom } from "../dial";
import { eventually } from "../eventually";
import type { Exchange } from "../exchange";
import type { BenchExchange } from "./bench";

/** Deadline for both legs of an answered call to be bridged, in seconds. */
const JOIN = 5;
/** Index of the bridge's identifier in a line of `core show channels concise`. */
const BRIDGE = 12;

/** Exchange for a bench. `release` puts all zones back into the rotation. */
export interface PlacedExchange extends BenchExchange {
  release(): Promise<void>;
}

/** Returns an exchange for a bench. `dial` takes all zones except the dialled zone out of the rotation. */
export function benchExchange(exchange: Exchange): PlacedExchange {
  const [first] = exchange.zones;
  if (first === undefined) throw new Error("the exchange has no zone");
  const dial = dialFrom(exchange.network.namespace("office1"));
  let inRotation: string | null = null;
  const rotate = async (zone: string | null): Promise<void> => {
    if (zone === inRotation) return;
    for (const { name } of exchange.zones) {
      const state = zone === null || zone === name ? "ready" : "drain";
      await exchange.controller.admin(`set server nodes/${name} state ${state}`);
    }
    inRotation = zone;
  };
  return {
    driver: first.kind.sipDriver,
    server: exchange.controllerAddress,
    secretOf: (extension) => exchange.secretOf(extension),
    async dial(zone) {
      await rotate(zone);
      return dial(exchange.controllerAddress, 5060);
    },
    release: () => rotate(null),
    joined: () =>
      eventually("calls whose legs are bridged", JOIN, async () => {
        const channels = await Promise.all(
          exchange.zones.map((zone) => zone.cli("core show channels concise")),
        );
        const lines = channels.flatMap((text) => text.split("\n").filter((line) => line !== ""));
        return lines.length > 0 && lines.every((line) => line.split("!")[BRIDGE]) ? true : null;
      }).then(() => undefined),
    async hangUpAll() {
      for (const zone of exchange.zones) {
        const count = await zone.cli("core show channels count");
        if (!/^0 active channels$/m.test(count)) await zone.cli("channel request hangup all");
      }
    },
  };
}
