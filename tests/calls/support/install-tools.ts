import { ensureCommands } from "../../../phones/packages";

/**
 * Installs the programs that these tests run, where they are missing: once, before any file of tests is
 * begun, as two files would otherwise find them half installed by each other. No test is left out for
 * want of one: all fail, and the program is named.
 */
export default async function installTools(): Promise<void> {
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
