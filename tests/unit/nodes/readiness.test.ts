import { NodeError } from "../../../core/errors";
import { waitForBoot } from "../../../nodes/readiness";
import { FolderNode } from "../../support/folder-node";

let node: FolderNode;
beforeEach(() => {
  node = new FolderNode("zone1");
});
afterEach(() => node.remove());

const boot = (): Promise<void> => waitForBoot(node, () => undefined, new AbortController().signal);

test("waitForBoot does not wait without cloud-init, or after a completed first boot", async () => {
  await boot();
  node.write("/run/cloud-init/result.json", '{"v1":{"datasource":"x","errors":[]}}');
  await boot();
});

test("waitForBoot reports errors of the first boot", async () => {
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
])("waitForBoot throws a NodeError for an unexpected cloud-init result: %s", async (result) => {
  node.write("/run/cloud-init/result.json", result);
  const error = await boot().catch((reason: unknown) => reason);

  expect(error).toBeInstanceOf(NodeError);
  expect(String(error)).toContain("/run/cloud-init/result.json has an unexpected format");
});

test("a wait on the node ends even if the node's clock stands still", async () => {
  node.write("/run/cloud-init/instance", "");
  const end = new AbortController();
  end.abort();
  node.program("date", "echo 0");
  await expect(waitForBoot(node, () => undefined, end.signal)).rejects.toThrow("interrupted");
});
