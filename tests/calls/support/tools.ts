import { ensureCommands } from "../../../phones/packages";

/**
 * Installs the programs that these tests run, where they are missing. No test is left out for want of
 * one: it fails and names it.
 */
export async function ensureTools(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error("these tests make network namespaces: run them as root");
  }
  await ensureCommands({
    baresip: "baresip-core",
    ip: "iproute2",
    nft: "nftables",
    tcpdump: "tcpdump",
  });
}
