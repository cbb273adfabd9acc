import { cloudIsConfigured } from "../../cli/cloud";

test.each([
  [{}, false],
  [{ OS_CLOUD: "", OS_AUTH_URL: "" }, false],
  [{ OS_CLOUD: "mycloud" }, true],
  [{ OS_AUTH_URL: "https://a/v3" }, true],
  [{ OS_CLOUD: "", OS_AUTH_URL: "https://a/v3" }, true],
])("that the environment %j names a cloud is %s", (env, named) => {
  expect(cloudIsConfigured(env)).toBe(named);
});
