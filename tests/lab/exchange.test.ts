import { proveCall, qualityFault } from "../../cli/prove";
import { trunkSecret, userSecret } from "../../plan/derived-secrets";
import { type Deployment, newDeployment } from "./deployment";
import { createImage } from "./image";
import { inventory } from "./inventory";
import { onNode } from "./ssh";

const MINUTE = 60_000;

/** Driver and image of this test. The other lab tests use PJSIP and Asterisk 22. */
const EXCHANGE = { sipDriver: "chan_sip", image: "pbx-asterisk-16" };

describe("an exchange of two zones with chan_sip on Asterisk 16", () => {
  let before: string[];
  let deployment: Deployment;

  beforeAll(async () => {
    deployment = await newDeployment({
      ...EXCHANGE,
      zones: "2",
      users: '[{"extension":"1001","name":"Alice"},{"range":"1002-1004"}]',
    });
    before = await inventory();
  }, MINUTE);

  afterAll(async () => {
    await deployment.stack.destroy({ color: "never" });
    deployment.remove();
  }, 5 * MINUTE);

  const secrets = (): string[] => {
    const { masterSecret } = deployment;
    return [
      masterSecret,
      ...["1001", "1002", "1003", "1004"].map((extension) => userSecret(masterSecret, extension)),
      trunkSecret(masterSecret, "zone1", "zone2"),
    ];
  };

  test(
    "is deployed by one update",
    async () => {
      const { summary } = await deployment.up();

      expect(summary.result).toBe("succeeded");
      const { controllerAddress, zones } = await deployment.outputs();
      expect(controllerAddress).toMatch(/^198\.51\.100\.\d+$/);
      expect(zones.map(({ name, fixedIp }) => [name, fixedIp])).toEqual([
        ["zone1", "192.168.0.2"],
        ["zone2", "192.168.0.3"],
      ]);
      expect(new Set([controllerAddress, ...zones.map(({ address }) => address)]).size).toBe(3);
    },
    5 * MINUTE,
  );

  test(
    "carries a call of ten seconds between its zones",
    async () => {
      const outputs = await deployment.outputs();

      const proof = await proveCall(outputs, (line) => {
        process.stdout.write(`${line}\n`);
      });

      expect(proof.seconds).toBeGreaterThanOrEqual(10);
      expect(new Set(proof.sides.map(({ zone }) => zone))).toEqual(new Set(["zone1", "zone2"]));
      expect(qualityFault(proof)).toBeUndefined();
    },
    6 * MINUTE,
  );

  test(
    "is not changed by a second update",
    async () => {
      const { summary } = await deployment.up();

      expect(Object.keys(summary.resourceChanges ?? {})).toEqual(["same"]);
    },
    2 * MINUTE,
  );

  test(
    "rejects an image whose Asterisk does not have the exchange's SIP driver",
    async () => {
      const { stack } = deployment;
      const image = await createImage("own-asterisk", "pjsip");
      try {
        await stack.setConfig("pbx:image", { value: "own-asterisk" });

        await expect(deployment.up()).rejects.toThrow(
          "pbx:sipDriver is chan_sip, but Asterisk in pbx:image own-asterisk supports pjsip",
        );
      } finally {
        await stack.setConfig("pbx:image", { value: EXCHANGE.image });
        await image.remove();
      }
    },
    2 * MINUTE,
  );

  test(
    "has no secret in plain text in its state or in the output of Pulumi",
    async () => {
      // Uses `pulumi stack export`, because the Automation API would decrypt the secrets.
      const { exported } = deployment;
      const state = await exported();

      expect(state).toContain("192.168.0.2");
      for (const text of [state, deployment.printed()]) {
        expect(secrets().filter((secret) => text.includes(secret))).toEqual([]);
      }
    },
    MINUTE,
  );

  test(
    "has its secrets on a zone only in files of Asterisk and cloud-init that are not readable by everyone",
    async () => {
      const access = await deployment.access();
      const holding = async (permission: string): Promise<string[]> => {
        const patterns = secrets().join("\n");
        const found = await onNode(
          access,
          `find / /run -xdev -type f ${permission} -size -4M -print0 | ` +
            `xargs -0 grep -lF -e '${patterns}' 2>/dev/null || true`,
          "192.168.0.2",
        );
        return found.split("\n").filter((file) => file !== "");
      };

      expect(await holding("-perm -o=r")).toEqual([]);
      // Only files of Asterisk's configuration and of cloud-init contain secrets. For example, no log does.
      const files = await holding("");
      expect(files).toContain("/etc/asterisk/iax.conf");
      expect(
        files.filter((file) => !/^\/(etc\/asterisk|var\/lib\/cloud|run\/cloud-init)\//.test(file)),
      ).toEqual([]);
    },
    3 * MINUTE,
  );

  test(
    "lets root, but not an unprivileged user, use the metadata service, which also has the secrets",
    async () => {
      const access = await deployment.access();
      const request =
        "python3 -c 'import urllib.request as r; " +
        'print(r.urlopen("http://169.254.169.254/openstack/", timeout=10).status)\' 2>&1 || true';

      expect(await onNode(access, request, "192.168.0.2")).toBe("200\n");
      const refused = await onNode(access, `setpriv --reuid nobody ${request}`, "192.168.0.2");
      expect(refused).toMatch(/refused|timed out|unreachable|prohibited|No route to host/);
    },
    2 * MINUTE,
  );

  test(
    "moves to PJSIP and Asterisk 22 in one update",
    async () => {
      const { stack } = deployment;
      await stack.setConfig("pbx:sipDriver", { value: "pjsip" });
      await stack.setConfig("pbx:image", { value: "pbx-asterisk-22" });
      await deployment.up();

      const proof = await proveCall(await deployment.outputs(), (line) => {
        process.stdout.write(`${line}\n`);
      });
      expect(new Set(proof.sides.map(({ zone }) => zone))).toEqual(new Set(["zone1", "zone2"]));
      expect(qualityFault(proof)).toBeUndefined();
      const access = await deployment.access();
      const version = await onNode(access, "asterisk -rx 'core show version'", "192.168.0.2");
      expect(version).toMatch(/^Asterisk 22\./m);
    },
    8 * MINUTE,
  );

  test(
    "leaves no resource in the cloud when it is destroyed",
    async () => {
      const { onOutput } = deployment;
      expect(await inventory()).not.toEqual(before);

      await deployment.stack.destroy({ onOutput, color: "never" });

      expect(await inventory()).toEqual(before);
    },
    5 * MINUTE,
  );
});
