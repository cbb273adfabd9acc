import { join } from "node:path";
import { hasCommand, run } from "./child-process";

const APT_GET = join(__dirname, "..", "tools", "apt-get.sh");

/**
 * Installs the Debian packages of missing commands.
 *
 * @param packages names of packages. The key is a command that the package contains.
 * @throws Error with the names of the packages if the installation fails.
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
    throw new Error(
      `could not install ${missing.join(", ")}; install them by hand: ${(error as Error).message}`,
    );
  }
}
