import { renderNodeJson } from "./base-files";
import type { ControllerContext } from "./context";
import { renderHaproxyCfg } from "./haproxy.cfg";
import type { NodeFile } from "./node-file";

/** Returns the settings of the controller's trunkline-admission, which runs in the group `haproxy`. */
const limitsJson = ({ limits, reportPort, zones }: ControllerContext): NodeFile => ({
  path: "/etc/trunkline/limits.json",
  content: `${JSON.stringify({ reportPort, limits, zones }, null, 2)}\n`,
  owner: "root:haproxy",
  mode: "0640",
});

/** Returns the files that the controller needs for service, besides the base files of every node. */
export function renderControllerFiles(controller: ControllerContext): NodeFile[] {
  return [
    renderNodeJson({ role: "controller", name: "controller" }),
    {
      path: "/etc/haproxy/haproxy.cfg",
      content: renderHaproxyCfg(controller),
      owner: "root:haproxy",
      mode: "0640",
    },
    limitsJson(controller),
  ];
}
