import { backendUrl } from "../../../stack/backend";

test.each([
  ["file:///var/state", "file:///var/state?metadata=skip"],
  ["file://~", "file://~?metadata=skip"],
  ["file:///var/state?no_tmp_dir=true", "file:///var/state?no_tmp_dir=true&metadata=skip"],
  ["file:///var/state?metadata=skip", "file:///var/state?metadata=skip"],
  ["s3://bucket?region=eu-west-1", "s3://bucket?region=eu-west-1"],
])("backendUrl turns %s into %s", (url, asked) => {
  expect(backendUrl(url)).toBe(asked);
});
