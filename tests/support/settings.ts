import { parseSettings, type Settings } from "../../config/schema";

/** Master secret of the tests, with 32 characters. */
export const MASTER_SECRET = "a-master-secret-of-tests-alone-0";

export const SSH_PUBLIC_KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHRoaXMtaXMtb25seS10aGUta2V5LW9mLXRlc3RzISEh operator";

/** Name of the stack that tests create. */
export const STACK = "test";

/** A valid configuration with only the required keys, as plain values. */
export const MINIMAL: Readonly<Record<string, unknown>> = {
  users: [{ extension: "1001" }, { extension: "1002" }],
  flavor: "m1.small",
  sshPublicKey: SSH_PUBLIC_KEY,
  masterSecret: MASTER_SECRET,
};

export function settingsWith(changes: Readonly<Record<string, unknown>> = {}): Settings {
  return parseSettings({ ...MINIMAL, ...changes }, () => true);
}
