/** Data for the first boot, as fields of a request to create a server. */
export interface Bootstrap {
  readonly user_data?: string;
  readonly personality?: readonly PersonalityFile[];
}

interface PersonalityFile {
  readonly path: string;
  /** Contents of the file in base64. */
  readonly contents: string;
  readonly owner: string;
  readonly group: string;
  readonly mode: number;
}

/** Folder that cloud-init's NoCloud data source reads, without a network. */
const SEED = "/var/lib/cloud/seed/nocloud";

/** Maximum size of a personality file in bytes. Synnefo accepts 10,240 characters of base64. */
export const FILE_LIMIT = 7_680;

/** Returns an error message if `userData`, in base64, is too large for Okeanos; else undefined. */
export function bootstrapFault(userData: string): string | undefined {
  const { length } = Buffer.from(userData, "base64");
  return length <= FILE_LIMIT
    ? undefined
    : `the server's user data has ${String(length)} bytes, and Okeanos accepts at most ` +
        `${String(FILE_LIMIT)}; set fewer networks in pbx:operatorCidrs, or a shorter pbx:sshPublicKey`;
}

/**
 * Returns the fields with the user data of a server.
 *
 * @param imageReadsUserData whether to pass `user_data`. If not, the user data is passed as files. Synnefo writes them
 * to the server's disk, and cloud-init reads them at the first boot.
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
