/** What a new server reads at its first boot, as the request to create it carries it. */
export interface Bootstrap {
  readonly user_data?: string;
  readonly personality?: readonly PersonalityFile[];
}

interface PersonalityFile {
  readonly path: string;
  /** In base64. */
  readonly contents: string;
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
}

/** Where cloud-init's NoCloud data source looks first, without a network. */
const SEED = "/var/lib/cloud/seed/nocloud";

/** Bytes that a file of a personality may have: 10,240 of base64. */
export const FILE_LIMIT = 7_680;

/** Why `userData`, in base64, could not be carried, or undefined. */
export function bootstrapFault(userData: string): string | undefined {
  const { length } = Buffer.from(userData, "base64");
  return length <= FILE_LIMIT
    ? undefined
    : `what the server needs for its first boot has ${String(length)} bytes, and Okeanos carries ` +
        `${String(FILE_LIMIT)}; write fewer networks in pbx:operatorCidrs, or a shorter pbx:sshPublicKey`;
}

/**
 * User data as `user_data` where the image says that it reads it; else the same as the files that
 * Synnefo would have made of it.
 */
export function bootstrapOf(
  { name, userData }: { readonly name: string; readonly userData: string },
  imageReadsUserData: boolean,
): Bootstrap {
  if (imageReadsUserData) {
    return { user_data: userData };
  }
  const file = (path: string, contents: string): PersonalityFile => ({
    path: `${SEED}/${path}`,
    contents,
    owner: "root",
    group: "root",
    mode: 0o600,
  });
  const metaData = `instance-id: trunkline-${name}\nlocal-hostname: ${name}\n`;
  return {
    personality: [
      file("meta-data", Buffer.from(metaData).toString("base64")),
      file("user-data", userData),
    ],
  };
}
