import { buildFaults, unbuiltServers } from "../../../stack/unbuilt-servers";
import { startFakeCloud } from "../../support/fake-cloud";

const INSTANCE = "openstack:compute/instance:Instance";
const PORT = "openstack:networking/port:Port";
const ERRORS = ["instance (…) failed to reach ACTIVE: ERROR"];
const urn = (type: string, name: string): string => `urn:pulumi:dev::pbx::${type}::${name}`;

test("unbuiltServers returns only servers that the cloud could not build", () => {
  const resources = [
    { type: INSTANCE, urn: urn(INSTANCE, "zone1") },
    { type: INSTANCE, urn: urn(INSTANCE, "zone2"), id: "2", initErrors: ERRORS },
    { type: INSTANCE, urn: urn(INSTANCE, "zone3"), initErrors: [] },
    { type: PORT, urn: urn(PORT, "zone2"), initErrors: ERRORS },
  ];
  expect(unbuiltServers({ resources })).toEqual([{ urn: urn(INSTANCE, "zone2"), id: "2" }]);
});

test("unbuiltServers returns no servers for an empty stack", () => {
  expect(unbuiltServers({})).toEqual([]);
});

test("buildFaults returns the fault of each unbuilt server for which the cloud reports one", async () => {
  const message = "Virtual Interface creation failed";
  const servers: Readonly<Record<string, object>> = {
    "/compute/servers/1": { name: "zone1", status: "ERROR", fault: { code: 500, message } },
    "/compute/servers/2": { name: "zone2", status: "BUILD" },
  };
  const cloud = await startFakeCloud((_, path) => servers[path] && { server: servers[path] });
  try {
    const faults = await buildFaults(
      ["1", "2", "gone"].map((id) => ({ urn: urn(INSTANCE, id), id })),
      cloud.environment,
    );
    expect(faults).toEqual([`zone1: ${message}`]);
  } finally {
    await cloud.close();
  }
});
