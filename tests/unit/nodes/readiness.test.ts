import { waitForBoot } from "../../../nodes/readiness";
import { NodeError } from "../../../core/errors";
import { FolderNode } from "../../support/folder-node";

let node: FolderNode;
beforeEach(() => {
  node = new FolderNode("zone1");
});
afterEach(() => node.remove());

const boot = (): Promise<void> => waitForBoot(node, () => undefined, new AbortController().signal);

test("a node without cloud-init, or whose first boot is done, is not waited for", async () => {
  await boot();
  node.write("/run/cloud-init/result.json", '{"v1":{"datasource":"x","errors":[]}}');
  await boot();
});

test("errors of the first boot are told", async () => {
  node.write("/run/cloud-init/result.json", '{"v1":{"errors":["no disk","no \\u001b[2Jnetwork"]}}');
  await expect(boot()).rejects.toThrow("zone1: cloud-init failed: no disk; no ?[2Jnetwork");
});

test.each([
  "not JSON",
  "null",
  "[]",
  '{"v1":7}',
  '{"v1":{"errors":"x"}}',
  '{"v1":{"errors":[{}]}}',
])("a result that is none ends the edit of its node: %s", async (result) => {
  node.write("/run/cloud-init/result.json", result);
  const error = await boot().catch((reason: unknown) => reason);

  expect(error).toBeInstanceOf(NodeError);
  expect(String(error)).toContain("/run/cloud-init/result.json is not understood");
});

test("the wait on the node goes by no clock that may be set", async () => {
  node.write("/run/cloud-init/instance", "");
  const end = new AbortController();
  end.abort();
  node.program("date", "echo 0");
  await expect(waitForBoot(node, () => undefined, end.signal)).rejects.toThrow("interrupted");
});
