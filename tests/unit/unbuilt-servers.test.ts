import { unbuiltServers } from "../../cli/stack";

const INSTANCE = "openstack:compute/instance:Instance";
const PORT = "openstack:networking/port:Port";
const ERRORS = ["instance (…) failed to reach ACTIVE: ERROR"];
const urn = (type: string, name: string): string => `urn:pulumi:dev::pbx::${type}::${name}`;

test("servers that the cloud could not build are replaced, and nothing else", () => {
  const resources = [
    { type: INSTANCE, urn: urn(INSTANCE, "zone1") },
    { type: INSTANCE, urn: urn(INSTANCE, "zone2"), initErrors: ERRORS },
    { type: INSTANCE, urn: urn(INSTANCE, "zone3"), initErrors: [] },
    { type: PORT, urn: urn(PORT, "zone2"), initErrors: ERRORS },
  ];
  expect(unbuiltServers({ resources })).toEqual([urn(INSTANCE, "zone2")]);
});

test("a stack that has nothing yet has no such servers", () => {
  expect(unbuiltServers({})).toEqual([]);
});
