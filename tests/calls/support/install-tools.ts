import { ensureCommands } from "../../../phones/packages";

/**
 * Installs missing programs that these tests run. Runs once, before any test file, because two test
 * files must not install the same program at the same time. If a program cannot be installed, all tests
 * fail and the error names the program.
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
