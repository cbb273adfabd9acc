import { ensureCommands } from "../../../phones/packages";

/**
 * Installs the missing programs that the calls tests run. Jest runs this function once, before all test files, because
 * two test files must not install the same program at the same time.
 *
 * @throws Error if this process is not root, or with the names of the packages if the installation fails.
 */
export default async function installTools(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error("these tests create network namespaces: run them as root");
  }
  await ensureCommands({
    baresip: "baresip-core",
    ip: "iproute2",
    nft: "nftables",
    tcpdump: "tcpdump",
  });
}
