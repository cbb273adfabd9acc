import { join } from "node:path";
import { hasCommand, run } from "./command";

const APT_GET = join(__dirname, "..", "tools", "apt-get.sh");

/**
 * Installs Debian's packages of the commands that are missing.
 * @param packages by the command that each of them brings.
 * @throws Error naming the packages when that fails.
 */
export async function ensureCommands(packages: Readonly<Record<string, string>>): Promise<void> {
  const missing = Object.entries(packages)
    .filter(([command]) => !hasCommand(command))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  try {
    await run([APT_GET, "update", "-qq"]);
    await run([APT_GET, "install", "-qq", "-y", "--no-install-recommends", ...missing]);
  } catch (error) {
    throw new Error(`install Debian's ${missing.join(", ")} first: ${(error as Error).message}`);
  }
}
