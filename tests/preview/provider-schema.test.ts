import { pluginShapes } from "../support/plugin-shape";
import { sdkShapes } from "../support/sdk-shape";

/*
 * The Pulumi program is type-checked against the npm package @pulumi/openstack, but runs with a plugin that may be this
 * project's own build (tools/pulumi-resource-openstack). A property that the plugin does not have would be dropped
 * silently. So this test compares the types in the npm package with the schema of the installed plugin.
 */
describe("the installed openstack plugin has the names and types of @pulumi/openstack", () => {
  const plugin = pluginShapes();

  test.each([...sdkShapes()])("for %s", (token, { inputs, outputs }) => {
    const { inputs: pluginInputs, outputs: pluginOutputs } = plugin.get(token) ?? {};
    expect(pluginInputs).toEqual(inputs ?? pluginInputs);
    expect(pluginOutputs).toEqual(outputs ?? pluginOutputs);
  });
});
