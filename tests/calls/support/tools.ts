import { hasCommand, run } from "../../../phones/command";
import { ensureBaresip } from "../../../phones/baresip";

/** Programs that these tests run, and Debian's packages of them. */
const TOOLS = { ip: "iproute2", nft: "nftables", tcpdump: "tcpdump" };

/** Installs what is missing. No test is left out for want of a tool: it fails and names it. */
export async function ensureTools(): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error("these tests make network namespaces: run them as root");
  }
  await ensureBaresip();
  const missing = Object.entries(TOOLS)
    .filter(([command]) => !hasCommand(command))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  try {
    await run([
      ...["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=600"],
      ...["install", "-qq", "-y", "--no-install-recommends", ...missing],
    ]);
  } catch (error) {
    throw new Error(`install Debian's ${missing.join(", ")} first: ${(error as Error).message}`);
  }
}
