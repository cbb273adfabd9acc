import { LocalWorkspace } from "@pulumi/pulumi/automation";
import { runUpdate } from "../../cli/run-update";
import { openstackCloud } from "../../clouds/openstack";
import { main } from "../../core/main";
import { releaseDeadLock } from "../../stack/lock";
import { pulumiInSession } from "../../stack/pulumi-command";
import { repair } from "../../stack/repair";
import { exportedStack } from "../../stack/state";

/**
 * Runs the update of `make up` for a Pulumi program of the tests. Arguments: the folder of the program, and the tag of
 * its resources in the cloud.
 */
main(async () => {
  const [, , workDir = "", mark = ""] = process.argv;
  const stack = await LocalWorkspace.selectStack(
    { stackName: "test", workDir },
    { pulumiCommand: await pulumiInSession() },
  );
  await runUpdate((options) => stack.up(options), {
    failed: "the update failed, see above",
    onCancel: async () => {
      const target = ["urn:pulumi:test::pbx::pulumi:pulumi:Stack::pbx-test"];
      const cloud = () => openstackCloud({ flavor: "m1.small", tag: mark });
      const options = { stack, cloud, target, releaseDeadLock, exported: exportedStack };
      console.log((await repair({ ...options, say: console.log })).kind);
    },
  });
});
