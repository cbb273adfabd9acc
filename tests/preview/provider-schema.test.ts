import { pluginShapes } from "../support/plugin-shape";
import { sdkShapes } from "../support/sdk-shape";

/*
 * The program is type-checked against @pulumi/openstack, and served by a plugin that may be our own
 * build (tools/pulumi-resource-openstack). A property that only one of them knows would be dropped
 * without a word. So all that the npm package has, and with it all that the program can use, is
 * compared with what the installed plugin says of itself.
 */
describe("the installed openstack plugin has the names and types of @pulumi/openstack", () => {
  const plugin = pluginShapes();

  test.each([...sdkShapes()])("%s", (token, { inputs, outputs }) => {
    const { inputs: pluginInputs, outputs: pluginOutputs } = plugin.get(token) ?? {};
    expect(pluginInputs).toEqual(inputs ?? pluginInputs);
    expect(pluginOutputs).toEqual(outputs ?? pluginOutputs);
  });
});
